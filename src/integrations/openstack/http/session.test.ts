/** Tokens, endpoints, repeated calls, and services that are down. */
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { OpenStackOptions } from '#integrations/openstack/connect.ts';
import {
  cut,
  type Reply,
  silence,
  scriptedOpenStack,
  type ScriptedOpenStack,
  member,
} from '#test/worlds/scripted-openstack.ts';

let scripted: ScriptedOpenStack;
afterEach(() => scripted.stop());

const port = {
  id: 'p',
  name: '',
  network_id: 'n',
  project_id: 'q',
  mac_address: 'fa:16:3e:00:00:01',
  admin_state_up: true,
  status: 'DOWN',
  device_id: '',
  device_owner: '',
  fixed_ips: [],
  'binding:vnic_type': 'direct',
  'binding:host_id': '',
  'binding:profile': {},
  'binding:vif_type': 'unbound',
  'binding:vif_details': {},
};
const shown: Reply = { status: 200, body: { port, ports: [port] } };
const refused: Reply = { status: 401, body: { error: { message: 'no' } } };
const newPort = { networkId: 'n', projectId: 'q', deviceId: 's', fixedIp: null };

const start = async (replies: Reply[], options: Partial<OpenStackOptions> = {}) => {
  scripted = await scriptedOpenStack(replies, options);
  return scripted.client.network;
};

const short = { timeoutMs: 150 };

test('one sign-in serves many calls, and is repeated before the token expires', async () => {
  const network = await start([shown]);
  await Promise.all([1, 2, 3].map(() => network.listPorts(['p'])));
  expect(scripted.signIns()).toBe(1);
  scripted.time.now += 3_600_000 - 119_000;
  await network.listPorts(['p']);
  expect(scripted.received.map(({ headers }) => headers['x-auth-token'])).toEqual([
    ...['own-1', 'own-1', 'own-1'],
    'own-2',
  ]);
});

test('a refused token is renewed once, and the call repeated', async () => {
  const network = await start([refused, shown]);
  expect((await network.listPorts(['p']))[0]?.id).toBe('p');
  expect(scripted.received.map(({ headers }) => headers['x-auth-token'])).toEqual([
    'own-1',
    'own-2',
  ]);
});

test('while a role is missing a refusal is retried once with a new token, as the role may have been granted', async () => {
  const denied: Reply = { status: 403, body: { NeutronError: { message: 'no' } } };
  scripted = await scriptedOpenStack([denied, shown], { roles: ['admin'] });
  expect((await scripted.client.network.updatePort('p', {})).id).toBe('p');
  expect(scripted.received.map(({ headers }) => headers['x-auth-token'])).toEqual([
    'own-1',
    'own-2',
  ]);
  await scripted.stop();
  const network = await start([denied]);
  await expect(network.updatePort('p', {})).rejects.toMatchObject({ kind: 'forbidden' });
  expect(scripted.received).toHaveLength(1);
});

test('while a role is missing an incomplete answer is also requested once more', async () => {
  const { 'binding:host_id': _, 'binding:vif_type': __, ...half } = port;
  const part: Reply = { status: 200, body: { port: half, ports: [half] } };
  scripted = await scriptedOpenStack([part, shown, part, shown], { roles: ['service'] });
  expect((await scripted.client.network.listPorts(['p']))[0]?.id).toBe('p');
  expect((await scripted.client.network.updatePort('p', {})).id).toBe('p');
  const tokens = scripted.received.map(({ headers }) => headers['x-auth-token']);
  expect(tokens).toEqual(['own-1', 'own-2', 'own-2', 'own-3']);
  await scripted.stop();
  const network = await start([part]);
  await expect(network.listPorts(['p'])).rejects.toMatchObject({ kind: 'forbidden' });
  expect(scripted.received).toHaveLength(1);
});

test('a fresh token that is also refused is reported with a message', async () => {
  const network = await start([refused]);
  await expect(network.listPorts(['p'])).rejects.toMatchObject({
    kind: 'unavailable',
    message: `the network service at ${scripted.url} rejected a freshly issued service token; is it configured with the same Keystone?`,
  });
  expect(scripted.received).toHaveLength(2);
});

test('a user’s token that is refused beside ours without the role service may be valid', async () => {
  scripted = await scriptedOpenStack([refused], { roles: ['admin'] });
  await expect(scripted.client.network.showPort('p', member)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(
      'refuses the token of this request or the service token sent with it: the service token needs the role `service` of user nova',
    ),
  });
  await scripted.stop();
  scripted = await scriptedOpenStack([refused]);
  await expect(scripted.client.network.showPort('p', member)).rejects.toMatchObject({
    kind: 'unauthenticated',
    message: `the network service at ${scripted.url} refuses the token of this request`,
  });
});

test.each([
  { what: 'a cut connection', first: [cut, cut] },
  { what: 'a gateway without its service', first: [{ status: 502 }, { status: 503 }] },
  { what: 'a failure of the service itself', first: [{ status: 500 }, { status: 500 }] },
])('a read and a change are repeated after $what; a creation is not', async ({ first }) => {
  const network = await start([...first, shown, ...first, shown, ...first]);
  expect((await network.listPorts(['p']))[0]?.id).toBe('p');
  expect((await network.updatePort('p', { deviceId: '' })).id).toBe('p');
  expect(scripted.received).toHaveLength(6);
  await expect(network.createPort(newPort, member)).rejects.toMatchObject({ kind: 'unavailable' });
  expect(scripted.received).toHaveLength(7);
});

test('a service that stays away is named after three tries', async () => {
  const network = await start([{ status: 503 }]);
  await expect(network.listPorts(['p'])).rejects.toMatchObject({
    kind: 'unavailable',
    message: `network service at ${scripted.url} does not answer: it answers 503`,
  });
  expect(scripted.received).toHaveLength(3);
});

test('a failure that stays is reported with the service’s message', async () => {
  const body = { NeutronError: { type: 'HTTPInternalServerError', message: 'Request Failed' } };
  const network = await start([{ status: 500, body }]);
  await expect(network.updatePort('p', { deviceId: '' })).rejects.toMatchObject({
    kind: 'unavailable',
    message: `the network service at ${scripted.url} answers 500 to PUT /v2.0/ports/p: Request Failed`,
  });
  expect(scripted.received).toHaveLength(3);
});

test('an overloaded service gets the request again, even a creation: 429 means that nothing was done', async () => {
  const busy = { status: 429, headers: { 'retry-after': '0' } };
  const network = await start([busy, shown, busy, busy, shown]);
  expect((await network.createPort(newPort, member)).id).toBe('p');
  expect((await network.listPorts(['p']))[0]?.id).toBe('p');
  expect(scripted.received).toHaveLength(5);
});

test('a long Retry-After is not waited for', async () => {
  const network = await start([{ status: 503, headers: { 'retry-after': '3600' } }]);
  await expect(network.listPorts(['p'])).rejects.toMatchObject({
    message: `network service at ${scripted.url} does not answer: it answers 503`,
  });
  expect(scripted.received).toHaveLength(1);
});

test('an endless answer is cut off', async () => {
  const flood: Reply = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const pour = () => {
      while (!response.destroyed && response.write(Buffer.alloc(2 ** 20)));
    };
    response.on('drain', pour);
    pour();
  };
  const network = await start([flood], { timeoutMs: 20_000 });
  await expect(network.listPorts(['p'])).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(`it is longer than ${64 * 2 ** 20} bytes`),
  });
  expect(scripted.received).toHaveLength(1);
});

test('a slow answer that trickles times out too', async () => {
  const trickle: Reply = (response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  };
  const network = await start([trickle], short);
  await expect(network.listPorts(['p'])).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('it is incomplete after 0.6 s'),
  });
});

test('a read whose answer is cut off is repeated; a creation is not', async () => {
  const cutOff: Reply = (response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"port":', () => response.destroy());
  };
  const network = await start([cutOff, shown, cutOff]);
  expect((await network.listPorts(['p']))[0]?.id).toBe('p');
  await expect(network.createPort(newPort, member)).rejects.toMatchObject({ kind: 'unavailable' });
  expect(scripted.received).toHaveLength(3);
});

test('silence ends in an error, and is not retried', async () => {
  const network = await start([silence], short);
  await expect(network.listPorts(['p'])).rejects.toMatchObject({
    kind: 'unavailable',
    message: `network service at ${scripted.url} does not answer: timed out after 0.15 s`,
  });
  expect(scripted.received).toHaveLength(1);
});

test('an answer that stops in the middle times out too', async () => {
  const half: Reply = (response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"port":');
  };
  const network = await start([half], short);
  await expect(network.listPorts(['p'])).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('its reply was cut off: timed out after 0.15 s'),
  });
});

test('without a listener the service is named with its URL', async () => {
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port: number } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  const networkUrl = `http://127.0.0.1:${number}`;
  const network = await start([], { networkUrl });
  await expect(network.listPorts(['p'])).rejects.toMatchObject({
    kind: 'unavailable',
    message: `network service at ${networkUrl} does not answer: connect ECONNREFUSED 127.0.0.1:${number}`,
  });
  expect(scripted.client.calls()).toEqual({ 'identity POST': 1, 'network GET': 3 });
});

test('the id of the caller’s request is forwarded', async () => {
  const network = await start([shown], { requestId: () => 'req-1' });
  await network.listPorts(['p']);
  expect(scripted.received[0]?.headers['x-openstack-request-id']).toBe('req-1');
});

test('an unknown token is checked at most once a minute; known ones are accepted until they expire', async () => {
  const expires = (ms: number): Reply => ({
    status: 200,
    body: {
      token: {
        expires_at: new Date(scripted.time.now + ms).toISOString(),
        user: { id: 'u', name: 'demo', domain: { id: 'default' } },
      },
    },
  });
  scripted = await scriptedOpenStack(() => expires(30_000));
  const { identity } = scripted.client;
  const [one] = await Promise.all([identity.validate('t'), identity.validate('t')]);
  expect(one).toMatchObject({ userName: 'demo', projectId: '', roles: [], isAdmin: false });
  await identity.validate('t');
  expect(scripted.received).toHaveLength(1);
  expect(scripted.received[0]).toMatchObject({
    path: '/v3/auth/tokens?nocatalog',
    headers: { 'x-auth-token': 'own-1', 'x-subject-token': 't' },
  });
  scripted.time.now += 30_000;
  await expect(identity.validate('t')).rejects.toMatchObject({ kind: 'unauthenticated' });
  expect(scripted.received).toHaveLength(1);
  scripted.time.now += 30_000;
  await identity.validate('t');
  expect(scripted.received).toHaveLength(2);
});

const endpoint = (kind: string, region: string, url: string) => ({ interface: kind, region, url });

test('endpoints come from the catalog: the region’s internal one, else the public', async () => {
  const dead = 'http://127.0.0.1:1';
  const catalog: unknown[] = [{ type: 'network', endpoints: [] }];
  scripted = await scriptedOpenStack([shown], { catalog, region: 'two' });
  const { network, image } = scripted.client;
  catalog[0] = {
    type: 'network',
    endpoints: [
      endpoint('internal', 'one', dead),
      endpoint('public', 'two', dead),
      endpoint('internal', 'two', `${scripted.url}/v2.0/`),
    ],
  };
  await network.listPorts(['p']);
  expect(scripted.received[0]?.path).toBe('/v2.0/ports?id=p');
  await expect(image.openImage('i')).rejects.toMatchObject({
    kind: 'unavailable',
    message:
      `the catalog of the identity service at ${scripted.url}/v3 has no image endpoint (interface internal or public) ` +
      'in region two; it has: network',
  });
});

test('the survey lists roles, endpoints, extensions and agents, and which are missing', async () => {
  const agent = (host: string, alive: boolean) => ({
    ...{ id: host, host, alive, agent_type: 'NIC Switch agent', heartbeat_timestamp: '' },
    configurations: { device_mappings: { physnet1: ['ens1f0'] } },
  });
  const agents = [agent('host-2', true), agent('host-1', true), agent('host-3', false)];
  scripted = await scriptedOpenStack(
    [
      { status: 200, body: { extensions: [{ alias: 'binding' }] } },
      { status: 200, body: { agents } },
      { status: 500 },
    ],
    { roles: ['admin'] },
  );
  expect(await scripted.client.survey()).toEqual({
    found: [
      `identity service at ${scripted.url}/v3; roles: admin`,
      `network service at ${scripted.url}`,
      'NIC Switch agent on host-1, host-2: physnet1',
    ],
    missing: [
      'the role `service` of user nova on project service, to write binding:profile and to act for users (openstack role add --project service --user nova service)',
      'extension `provider` of the network service: SR-IOV ports need it',
      'a live NIC Switch agent on host-3: it is dead',
      `the image service at ${scripted.url} answers 500`,
    ],
    urls: { network: scripted.url },
    isRefused: false,
  });
});

test('a cloud without NIC switch agents, and one that does not show them, are reported', async () => {
  const extensions = {
    status: 200,
    body: { extensions: [{ alias: 'binding' }, { alias: 'provider' }] },
  };
  const missingWith = async (agents: Reply) => {
    scripted = await scriptedOpenStack([extensions, agents, { status: 200 }]);
    return (await scripted.client.survey()).missing;
  };
  expect(await missingWith({ status: 200, body: { agents: [] } })).toEqual([
    expect.stringContaining('a live NIC Switch agent on any host: direct and macvtap ports'),
  ]);
  await scripted.stop();
  expect(await missingWith({ status: 400 })).toEqual([
    `the list of network agents: the network service at ${scripted.url} answers 400 to GET /v2.0/agents`,
  ]);
});

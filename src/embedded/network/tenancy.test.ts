/** What a project may set on networks, its own and those of others. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  demoPassword,
  type EmbeddedCloud,
  startEmbeddedCloud,
} from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let serviceToken: string;
/** Of the administrator's project, shared with all. */
let shared: string;
let sharedSubnet: string;
let own: string;
let ownSubnet: string;

beforeAll(async () => {
  cloud = await startEmbeddedCloud({
    users: [
      { name: 'nova', project: 'service', role: 'service' },
      { name: 'guest', project: 'guest', role: 'member' },
      { name: 'third', project: 'third', role: 'member' },
      { name: 'reader', project: 'demo', role: 'reader' },
    ],
  });
  serviceToken = await cloud.signIn('nova', demoPassword, 'service');
  const network = async (requested: object, token: string) =>
    (await post('networks', { network: requested }, token)).body.network.id;
  const subnet = async (id: string, cidr: string, token: string) =>
    (await post('subnets', { subnet: { network_id: id, cidr } }, token)).body.subnet.id;
  shared = await network({ name: 'shared', shared: true }, cloud.adminToken);
  sharedSubnet = await subnet(shared, '10.42.0.0/24', cloud.adminToken);
  own = await network({ name: 'own' }, cloud.demoToken);
  ownSubnet = await subnet(own, '10.43.0.0/24', cloud.demoToken);
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown, token = cloud.demoToken) =>
  ask(cloud.network.app, act, { token, ...(body !== undefined && { body }) });
const post = (path: string, body: unknown, token?: string) =>
  send(`POST /v2.0/${path}`, body, token);
const newPort = (network: string, requested: object, token?: string) =>
  post('ports', { port: { network_id: network, ...requested } }, token);
const change = (id: string, port: object, token?: string) =>
  send(`PUT /v2.0/ports/${id}`, { port }, token);
const remove = (id: string) => send(`DELETE /v2.0/ports/${id}`, undefined, cloud.adminToken);

const ofNetworkOwner = [
  ['mac_address', { mac_address: 'fa:16:3e:aa:bb:01' }],
  ['fixed_ips:ip_address', { fixed_ips: [{ ip_address: '10.42.0.1' }] }],
  ['port_security_enabled', { 'binding:vnic_type': 'direct', port_security_enabled: false }],
  ['port_security_enabled', { port_security_enabled: true }],
  ['device_owner', { device_owner: 'network:dhcp', device_id: 'x' }],
] as const;

describe("on another project's shared network", () => {
  test.each(ofNetworkOwner)('a new port with chosen %s is refused', async (key, requested) => {
    const { status, body } = await newPort(shared, requested);
    expect([status, body.NeutronError.type]).toEqual([403, 'PolicyNotAuthorized']);
    expect(body.NeutronError.message).toContain(`rule:create_port:${key} is disallowed by policy`);
  });

  test('a port keeps its addresses', async () => {
    const { port } = (await newPort(shared, {})).body;
    const { status, body } = await change(port.id, { fixed_ips: [{ subnet_id: sharedSubnet }] });
    expect(status).toBe(403);
    expect(body.NeutronError.message).toContain('rule:update_port:fixed_ips is disallowed');
    await remove(port.id);
  });

  test.each(ofNetworkOwner)('a port does not get chosen %s later', async (key, requested) => {
    const { port } = (await newPort(shared, {})).body;
    const { 'binding:vnic_type': _, ...wanted } = requested as Record<string, unknown>;
    const { status, body } = await change(port.id, wanted);
    expect(status).toBe(403);
    expect(body.NeutronError.message).toContain(`rule:update_port:${key} is disallowed by policy`);
    await remove(port.id);
  });

  test('a port with a chosen subnet, vnic type and name is created and deleted', async () => {
    const requested = {
      name: 'mine',
      'binding:vnic_type': 'direct',
      device_owner: 'compute:az',
      fixed_ips: [{ subnet_id: sharedSubnet }],
    };
    const { status, body } = await newPort(shared, requested);
    expect([status, body.port.port_security_enabled]).toEqual([201, true]);
    expect((await change(body.port.id, { name: 'other', admin_state_up: false })).status).toBe(200);
    expect((await send(`DELETE /v2.0/ports/${body.port.id}`)).status).toBe(204);
  });

  test.each(ofNetworkOwner)('its owner and a service set %s', async (_key, requested) => {
    for (const token of [cloud.adminToken, serviceToken]) {
      const { status, body } = await newPort(shared, requested, token);
      expect(status).toBe(201);
      await change(body.port.id, { device_owner: '' }, cloud.adminToken);
      await remove(body.port.id);
    }
  });

  test.each([
    ['PUT', `networks`, { network: { name: 'mine now' } }],
    ['PUT', `networks`, { network: { port_security_enabled: false } }],
    ['DELETE', `networks`, undefined],
    ['PUT', `subnets`, { subnet: { gateway_ip: '10.42.0.66' } }],
    ['DELETE', `subnets`, undefined],
  ])('%s of %s is refused: %j', async (method, path, body) => {
    const id = path === 'networks' ? shared : sharedSubnet;
    expect((await send(`${method} /v2.0/${path}/${id}`, body)).status).toBe(403);
  });
});

describe('on its own network', () => {
  test.each([
    ['mac_address', { mac_address: 'fa:16:3e:aa:bb:02' }],
    ['fixed_ips', { fixed_ips: [{ ip_address: '10.43.0.99' }] }],
    ['port_security_enabled', { port_security_enabled: false }],
  ])('a member chooses %s', async (_key, requested) => {
    const { status, body } = await newPort(own, requested);
    expect(status).toBe(201);
    expect(body.port).toMatchObject(
      'fixed_ips' in requested
        ? { fixed_ips: [{ subnet_id: ownSubnet, ip_address: '10.43.0.99' }] }
        : requested,
    );
    await remove(body.port.id);
  });

  test.each([
    ['shared', true],
    ['shared', false],
    ['router:external', false],
    ['provider:network_type', 'flat'],
    ['provider:physical_network', 'physnet2'],
    ['provider:segmentation_id', 7],
  ])('a member does not change %s to %s', async (key, value) => {
    const { status, body } = await send(`PUT /v2.0/networks/${own}`, { network: { [key]: value } });
    expect([status, body.NeutronError.type]).toEqual([403, 'PolicyNotAuthorized']);
  });

  test('the MAC of an existing port is for administrators and services', async () => {
    const { port } = (await newPort(own, {})).body;
    const requested = { mac_address: 'fa:16:3e:aa:bb:03' };
    expect((await change(port.id, requested)).status).toBe(403);
    expect((await change(port.id, requested, serviceToken)).body.port).toMatchObject(requested);
    await remove(port.id);
  });
});

describe('the owner of a network', () => {
  let guestToken: string;
  let theirs: string;
  const asAdmin = (act: string, body?: unknown) => send(act, body, cloud.adminToken);
  beforeAll(async () => {
    guestToken = await cloud.signIn('guest', demoPassword, 'guest');
    await asAdmin(`PUT /v2.0/networks/${own}`, { network: { shared: true } });
    theirs = (await newPort(own, { name: 'theirs' }, guestToken)).body.port.id;
  });
  afterAll(() => asAdmin(`PUT /v2.0/networks/${own}`, { network: { shared: false } }));
  const ids = async (token?: string) => {
    const { body } = await send(`GET /v2.0/ports?network_id=${own}`, undefined, token);
    return body.ports.map(({ id }: { id: string }) => id);
  };

  test("sees others' ports on it, without where they are bound", async () => {
    const { status, body } = await send(`GET /v2.0/ports/${theirs}`);
    expect([status, body.port.name]).toEqual([200, 'theirs']);
    expect(body.port).not.toHaveProperty('binding:host_id');
    expect(await ids()).toEqual([theirs]);
  });

  test('neither changes nor tags them', async () => {
    const { status, body } = await change(theirs, { name: 'mine' });
    expect([status, body.NeutronError.type]).toEqual([403, 'PolicyNotAuthorized']);
    expect((await send(`PUT /v2.0/ports/${theirs}/tags/mine`)).status).toBe(403);
  });

  test('a third project neither sees nor deletes them', async () => {
    const third = await cloud.signIn('third', demoPassword, 'third');
    expect(await ids(third)).toEqual([]);
    expect((await send(`GET /v2.0/ports/${theirs}`, undefined, third)).status).toBe(404);
    expect((await send(`DELETE /v2.0/ports/${theirs}`, undefined, third)).status).toBe(404);
  });

  test('shares it for as long as they exist', async () => {
    const unshared = { network: { shared: false } };
    const { status, body } = await asAdmin(`PUT /v2.0/networks/${own}`, unshared);
    expect([status, body.NeutronError.type]).toEqual([409, 'InvalidSharedSetting']);
  });

  test('deletes them', async () => {
    expect((await send(`DELETE /v2.0/ports/${theirs}`)).status).toBe(204);
    expect(await ids(guestToken)).toEqual([]);
  });

  test('a reader of its project sees them and deletes none', async () => {
    const reader = await cloud.signIn('reader', demoPassword, 'demo');
    const { id } = (await newPort(own, {}, guestToken)).body.port;
    expect(await ids(reader)).toEqual([id]);
    expect((await send(`DELETE /v2.0/ports/${id}`, undefined, reader)).status).toBe(403);
    await remove(id);
  });
});

test('not even an administrator changes MAC and vnic type of a bound port, or the segment of a network', async () => {
  const { port } = (await newPort(own, { 'binding:vnic_type': 'direct' })).body;
  const admin = cloud.adminToken;
  await change(port.id, { 'binding:host_id': 'peer-compute-1' }, admin);
  const { status, body } = await change(port.id, { mac_address: '02:00:00:00:aa:77' }, admin);
  expect([status, body.NeutronError]).toEqual([
    409,
    {
      type: 'PortBound',
      message: `Unable to complete operation on port ${port.id}, port is already bound, port type: hw_veb, old_mac ${port.mac_address}, new_mac 02:00:00:00:aa:77.`,
      detail: '',
    },
  ]);
  const same = await change(port.id, { mac_address: port.mac_address.toUpperCase() }, admin);
  expect(same.status).toBe(200);
  const kind = await change(port.id, { 'binding:vnic_type': 'macvtap' }, admin);
  expect(kind.status).toBe(409);
  await change(port.id, { 'binding:host_id': '' }, admin);
  expect((await change(port.id, { mac_address: '02:00:00:00:aa:77' }, admin)).status).toBe(200);
  await remove(port.id);
  const segment = { network: { 'provider:segmentation_id': 7 } };
  const refused = await send(`PUT /v2.0/networks/${own}`, segment, admin);
  expect([refused.status, refused.body.NeutronError.message]).toEqual([
    400,
    "network.provider:segmentation_id: '7': the segment of a network stays as it was made",
  ]);
});

/** Mistakes of a user are refused by name, in OpenStack's bodies, and leave nothing behind. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import { startNovella, temporaryDirectory } from '#test/processes/novella-process.ts';

const unknownId = '11111111-2222-4333-8444-555555555555';

/** A cloud in which nothing may be left: no bound port, no held device, no server. */
async function expectUntouched(cloud: Cloud): Promise<void> {
  const { servers } = await cloud.ok('compute', 'GET', '/servers');
  expect(servers).toEqual([]);
  const { ports } = await cloud.ok('network', 'GET', '/ports');
  for (const port of ports) {
    expect(port).toMatchObject({ device_id: '', 'binding:host_id': '', 'binding:profile': {} });
  }
  const { devices } = await cloud.ok('operator', 'GET', '/pci/devices');
  for (const device of devices) {
    expect(device).toMatchObject({ status: 'available', instance_uuid: null });
  }
}

/** The body of a server that would boot. */
async function goodServer(cloud: Cloud): Promise<Record<string, unknown>> {
  const { images } = await cloud.ok('image', 'GET', '/v2/images');
  return { name: 's', flavorRef: '2', imageRef: images[0].id, networks: [] };
}

const rows: {
  name: string;
  change: (server: Record<string, unknown>) => Record<string, unknown>;
  status: number;
  body: string;
  expected: RegExp;
}[] = [
  {
    name: 'an unknown port',
    change: (server) => ({ ...server, networks: [{ port: unknownId }] }),
    status: 400,
    body: 'badRequest',
    expected: new RegExp(`networks\\[0\\]\\.port: Port id ${unknownId} could not be found`),
  },
  {
    name: 'an unknown network',
    change: (server) => ({ ...server, networks: [{ uuid: unknownId }] }),
    status: 400,
    body: 'badRequest',
    expected: new RegExp(`networks\\[0\\]\\.uuid: Network ${unknownId} could not be found`),
  },
  {
    name: 'an unknown flavor',
    change: (server) => ({ ...server, flavorRef: unknownId }),
    status: 400,
    body: 'badRequest',
    expected: new RegExp(`flavorRef: Flavor ${unknownId} could not be found`),
  },
  {
    name: 'an unknown image',
    change: (server) => ({ ...server, imageRef: unknownId }),
    status: 400,
    body: 'badRequest',
    expected: new RegExp(`imageRef: Image ${unknownId} could not be found`),
  },
  {
    name: 'an unknown key',
    change: (server) => ({ ...server, colour: 'red' }),
    status: 400,
    body: 'badRequest',
    expected: /colour/,
  },
  {
    name: 'a wrong type',
    change: (server) => ({ ...server, networks: 'everywhere' }),
    status: 400,
    body: 'badRequest',
    expected: /networks/,
  },
];

for (const { name, change, status, body, expected } of rows) {
  scenario(`a boot with ${name} is refused and leaves nothing`, async (cloud) => {
    const server = change(await goodServer(cloud));
    const reply = await cloud.send('compute', 'POST', '/servers', { body: { server } });
    expect(reply.status).toBe(status);
    expect(reply.body[body]).toEqual({ code: status, message: expect.stringMatching(expected) });
    expect(reply.headers.get('x-openstack-request-id')).toMatch(/^req-/);
    await expectUntouched(cloud);
  });
}

scenario('a direct port on a network without a physical network is refused', async (cloud) => {
  const { network } = await cloud.ok('network', 'POST', '/networks', {
    network: { name: 'inner', 'provider:network_type': 'local' },
  });
  await cloud.ok('network', 'POST', '/subnets', {
    subnet: { network_id: network.id, ip_version: 4, cidr: '10.9.0.0/24' },
  });
  const port = await cloud.port(network.id, 'direct');
  const server = { ...(await goodServer(cloud)), networks: [{ port }] };
  const reply = await cloud.send('compute', 'POST', '/servers', { body: { server } });
  expect(reply.status).toBe(400);
  expect(reply.body.badRequest.message).toBe(
    `networks[0].port: port ${port} has binding:vnic_type direct, but its network ${network.id} has no provider:physical_network, and no host offers a device without one`,
  );
  await expectUntouched(cloud);
  const id = await cloud.boot([{ uuid: network.id }]);
  await cloud.settled(id, 'ACTIVE');
});

scenario('a port in use is refused by its id, and stays with its server', async (cloud) => {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  const server = { ...(await goodServer(cloud)), networks: [{ port }] };
  const reply = await cloud.send('compute', 'POST', '/servers', { body: { server } });
  expect(reply.status).toBe(409);
  expect(reply.body.conflictingRequest.message).toBe(
    `networks[0].port: Port ${port} is in use by compute:nova ${id}.`,
  );
  expect(await cloud.showPort(port)).toMatchObject({ device_id: id, 'binding:vif_type': 'hw_veb' });
});

scenario('two concurrent boots with one port: one gets it, the other is refused', async (cloud) => {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const server = { ...(await goodServer(cloud)), networks: [{ port }] };
  const replies = await Promise.all(
    [1, 2, 3].map(() => cloud.send('compute', 'POST', '/servers', { body: { server } })),
  );
  expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409, 409]);
  const accepted = replies.find(({ status }) => status === 202);
  await cloud.settled(accepted?.body.server.id, 'ACTIVE');
  const { servers } = await cloud.ok('compute', 'GET', '/servers');
  expect(servers).toHaveLength(1);
});

scenario('malformed JSON, a wrong token and no token are refused', async (cloud) => {
  const broken = await cloud.send('compute', 'POST', '/servers', { text: '{"server": ' });
  expect(broken.status).toBe(400);
  expect(broken.body.badRequest.message).toMatch(/not valid JSON/);
  for (const token of ['wrong', null]) {
    for (const [service, path] of [
      ['compute', '/servers'],
      ['network', '/ports'],
      ['image', '/v2/images'],
      ['operator', '/pci/devices'],
    ] as const) {
      const reply = await cloud.send(service, 'GET', path, { token });
      expect([service, reply.status]).toEqual([service, 401]);
      expect(reply.headers.get('www-authenticate')).toMatch(/^Keystone/);
    }
  }
});

test('a wrong password is refused by the identity service', async () => {
  const state = temporaryDirectory();
  const novella = await startNovella(state.path);
  try {
    const user = { name: 'admin', domain: { name: 'Default' }, password: 'wrong' };
    const response = await fetch(`${novella.urls.identity}/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } } } }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 401, title: 'Unauthorized' } });
  } finally {
    await novella.stop();
    state.remove();
  }
});

const configurations: { name: string; yaml: string; expected: RegExp }[] = [
  {
    name: 'a device spec with a bad vendor_id',
    yaml: 'simulated:\n  hosts:\n    - name: host-1\n      device_spec:\n        - {"vendor_id": "80g6"}\n',
    expected: /novella\.yaml:5 simulated\.hosts\[0\]\.device_spec\[0\].*vendor_id "80g6"/,
  },
  {
    name: 'a device spec with address and devname',
    yaml: 'simulated:\n  hosts:\n    - name: host-1\n      device_spec:\n        - {"address": "01:00.0", "devname": "enp1s0"}\n',
    expected: /novella\.yaml:5 .*(address|devname)/,
  },
  {
    name: 'a device spec that is not JSON',
    yaml: 'simulated:\n  hosts:\n    - name: host-1\n      device_spec:\n        - "{vendor_id: 8086"\n',
    expected: /novella\.yaml:5 .*JSON/,
  },
  { name: 'an unknown key', yaml: 'simulatd: {}\n', expected: /novella\.yaml.*simulatd/ },
  {
    name: 'a wrong type',
    yaml: 'ports: {compute: lots}\n',
    expected: /novella\.yaml:1 ports\.compute/,
  },
];

test.each(configurations)(
  'novella up refuses $name, naming file and position',
  async ({ yaml, expected }) => {
    const state = temporaryDirectory();
    const file = join(state.path, 'novella.yaml');
    writeFileSync(file, yaml);
    try {
      const started = startNovella(join(state.path, 'state'), ['--config', file]);
      await expect(started).rejects.toThrow(expected);
    } finally {
      state.remove();
    }
  },
);

test('a second novella up on the same state directory is refused', async () => {
  const state = temporaryDirectory();
  const first = await startNovella(state.path);
  try {
    await expect(startNovella(state.path)).rejects.toThrow(/in use by process \d+/);
  } finally {
    await first.stop();
    state.remove();
  }
});

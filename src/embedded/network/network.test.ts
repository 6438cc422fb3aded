import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown, token = cloud.adminToken) =>
  ask(cloud.network.app, act, { token, ...(body !== undefined && { body }) });
const newNetwork = (network: object, token?: string) =>
  send('POST /v2.0/networks', { network }, token);
const newSubnet = (subnet: object, token?: string) => send('POST /v2.0/subnets', { subnet }, token);
const vlan = (id: unknown, physnet = 'physnet1') => ({
  'provider:network_type': 'vlan',
  'provider:physical_network': physnet,
  'provider:segmentation_id': id,
});

describe('networks', () => {
  test('a VLAN network takes its id as text or as a number', async () => {
    const text = await newNetwork({ name: 'red', ...vlan('42') });
    expect(text.status).toBe(201);
    expect(text.body.network).toMatchObject({ name: 'red', 'provider:segmentation_id': 42 });
    const number = await newNetwork({ name: 'blue', ...vlan(43) });
    expect(number.body.network['provider:segmentation_id']).toBe(43);
  });

  test('a network without an id gets the first free one of the range, until all are taken', async () => {
    const ids = [];
    for (const name of ['x', 'y', 'z']) {
      ids.push((await newNetwork({ name })).body.network['provider:segmentation_id']);
    }
    expect(ids).toEqual([100, 101, 102]);
    const { status, body } = await newNetwork({ name: 'too many' });
    expect([status, body.NeutronError.message]).toEqual([
      409,
      'Unable to create the network. No VLAN id is free in the configured ranges (physnet1 100-102, physnet2 without a range); ask for one with provider:segmentation_id.',
    ]);
  });

  const refusals = [
    {
      name: 'an id that is in use',
      given: vlan('42'),
      gives: [
        409,
        'Unable to create the network. The VLAN 42 on physical network physnet1 is in use.',
      ],
    },
    {
      name: 'id 4095',
      given: vlan(4095),
      gives: [
        400,
        "network.provider:segmentation_id: '4095' is out of range: a VLAN id is a number from 1 to 4094",
      ],
    },
    {
      name: 'id 0',
      given: vlan('0'),
      gives: [
        400,
        "network.provider:segmentation_id: '0' is out of range: a VLAN id is a number from 1 to 4094",
      ],
    },
    {
      name: 'an id that is not a number',
      given: vlan('4x'),
      gives: [
        400,
        "network.provider:segmentation_id: '4x' is out of range: a VLAN id is a number from 1 to 4094",
      ],
    },
    {
      name: 'an unknown physical network',
      given: vlan(7, 'physnet9'),
      gives: [
        400,
        "network.provider:physical_network: 'physnet9' is unknown; known physical networks: physnet1, physnet2",
      ],
    },
    {
      name: 'an unsupported type',
      given: { 'provider:network_type': 'stt' },
      gives: [
        400,
        "network.provider:network_type: 'stt' is not offered by the embedded network service: must be vlan, flat, local, vxlan, geneve, gre",
      ],
    },
    {
      name: 'a tunnelled network with a physical network',
      given: { 'provider:network_type': 'vxlan', 'provider:physical_network': 'physnet1' },
      gives: [400, "network.provider:physical_network: 'physnet1': a vxlan network has none"],
    },
    {
      name: 'a tunnel id out of range',
      given: { 'provider:network_type': 'vxlan', 'provider:segmentation_id': 16_777_216 },
      gives: [
        400,
        "network.provider:segmentation_id: '16777216' is out of range: a vxlan id is a number from 1 to 16777215",
      ],
    },
    {
      name: 'a local network with a physical network',
      given: { 'provider:network_type': 'local', 'provider:physical_network': 'physnet1' },
      gives: [400, "network.provider:physical_network: 'physnet1': a local network has none"],
    },
    {
      name: 'a flat network with an id',
      given: { 'provider:network_type': 'flat', 'provider:segmentation_id': 5 },
      gives: [400, "network.provider:segmentation_id: '5': a flat network has no segmentation id"],
    },
    {
      name: 'several segments',
      given: { segments: [{}, {}] },
      gives: [
        501,
        'network.segments: multi-segment networks: not offered by the embedded network service; a real Neutron has it.',
      ],
    },
    {
      name: 'an MTU of text',
      given: { mtu: 'big' },
      gives: [400, "network.mtu: 'big' is out of range: a number from 68 to 65535"],
    },
  ];
  for (const { name, given, gives } of refusals) {
    test(`refuses ${name}`, async () => {
      const { status, body } = await newNetwork({ name: 'bad', ...given });
      expect([status, body.NeutronError.message]).toEqual(gives);
    });
  }

  test('a second flat network on one physical network is refused', async () => {
    const flat = { 'provider:network_type': 'flat', 'provider:physical_network': 'physnet2' };
    const first = await newNetwork({ name: 'flat', ...flat });
    expect(first.body.network).toMatchObject({ ...flat, 'provider:segmentation_id': null });
    const second = await newNetwork({ name: 'flat2', ...flat });
    expect([second.status, second.body.NeutronError.type]).toEqual([409, 'FlatNetworkInUse']);
    await send(`DELETE /v2.0/networks/${first.body.network.id}`);
  });

  test('a body that is not JSON is refused in Neutron’s format', async () => {
    const { status, body } = await send('POST /v2.0/networks', '{"network":');
    expect(status).toBe(400);
    expect(body.NeutronError).toMatchObject({
      type: 'HTTPBadRequest',
      message: expect.stringMatching(/^The request body is not valid JSON: /),
    });
  });

  test('members see shared networks without provider keys, and other projects’ not at all', async () => {
    const shared = (await newNetwork({ name: 'all', shared: true, ...vlan(50) })).body.network;
    const hidden = (await newNetwork({ name: 'hidden', ...vlan(51) })).body.network;
    const list = await send('GET /v2.0/networks', undefined, cloud.demoToken);
    expect(list.body.networks.map((network: { name: string }) => network.name)).toEqual(['all']);
    expect(list.body.networks[0]).not.toHaveProperty('provider:physical_network');
    const path = `/v2.0/networks/${hidden.id}`;
    expect((await send(`GET ${path}`, undefined, cloud.demoToken)).status).toBe(404);
    expect((await send(`DELETE ${path}`, undefined, cloud.demoToken)).status).toBe(404);
    const change = await send(
      `PUT /v2.0/networks/${shared.id}`,
      { network: { name: 'mine' } },
      cloud.demoToken,
    );
    expect(change.status).toBe(403);
  });

  test('members may not choose a segment', async () => {
    const { status, body } = await newNetwork({ name: 'm', ...vlan(60) }, cloud.demoToken);
    expect([status, body.NeutronError.message]).toEqual([
      403,
      'rule:create_network:provider:network_type is disallowed by policy: network.provider:network_type may be set only with the role admin or service.',
    ]);
  });

  test('a network changes its name and MTU, and its revision grows', async () => {
    const { id, revision_number: before } = (await newNetwork({ name: 'old', ...vlan(61) })).body
      .network;
    cloud.time.now += 5000;
    const { body } = await send(`PUT /v2.0/networks/${id}`, {
      network: { name: 'new', mtu: '9000' },
    });
    expect(body.network).toMatchObject({ name: 'new', mtu: 9000, revision_number: before + 1 });
    expect(body.network.updated_at).not.toBe(body.network.created_at);
  });
});

describe('subnets', () => {
  test('gateway and pool follow from the range; pools can be requested', async () => {
    const { id } = (await newNetwork({ name: 's1', ...vlan(70) })).body.network;
    const rows = [
      { cidr: '10.20.0.0/22', gateway_ip: '10.20.0.1', pool: ['10.20.0.2', '10.20.3.254'] },
      { cidr: '10.30.0.9/24', gateway_ip: '10.30.0.1', pool: ['10.30.0.2', '10.30.0.254'] },
      { cidr: 'fd00::/64', gateway_ip: 'fd00::1', pool: ['fd00::2', 'fd00::ffff:ffff:ffff:ffff'] },
    ];
    for (const { cidr, gateway_ip, pool } of rows) {
      const { status, body } = await newSubnet({ network_id: id, cidr });
      expect(status).toBe(201);
      expect(body.subnet).toMatchObject({
        gateway_ip,
        allocation_pools: [{ start: pool[0], end: pool[1] }],
      });
    }
    const middle = await newSubnet({
      network_id: id,
      cidr: '10.40.0.0/29',
      gateway_ip: '10.40.0.3',
    });
    expect(middle.body.subnet.allocation_pools).toEqual([
      { start: '10.40.0.1', end: '10.40.0.2' },
      { start: '10.40.0.4', end: '10.40.0.6' },
    ]);
    const none = await newSubnet({ network_id: id, cidr: '10.41.0.0/29', gateway_ip: null });
    expect(none.body.subnet.allocation_pools).toEqual([{ start: '10.41.0.1', end: '10.41.0.6' }]);
    const show = await send(`GET /v2.0/networks/${id}`);
    expect(show.body.network.subnets).toHaveLength(5);
  });

  const cidr = '10.50.0.0/24';
  const refusals = [
    {
      name: 'an invalid CIDR',
      given: { cidr: '10.50.0.0' },
      gives: "subnet.cidr: '10.50.0.0' is not a CIDR, such as 10.0.0.0/24 or fd00::/64",
    },
    {
      name: 'the wrong IP version',
      given: { cidr, ip_version: 6 },
      gives: 'subnet.ip_version: 6 does not fit subnet.cidr 10.50.0.0/24, which is IPv4',
    },
    {
      name: 'an IP version that does not exist',
      given: { cidr, ip_version: 5 },
      gives: 'subnet.ip_version: 5 is not allowed: must be one of 4, 6',
    },
    {
      name: 'a gateway outside',
      given: { cidr, gateway_ip: '10.51.0.1' },
      gives: "subnet.gateway_ip: '10.51.0.1' is not an address of 10.50.0.0/24",
    },
    {
      name: 'a pool outside',
      given: { cidr, allocation_pools: [{ start: '10.50.0.10', end: '10.50.1.10' }] },
      gives: "subnet.allocation_pools[0]: '10.50.0.10-10.50.1.10' is not within 10.50.0.0/24",
    },
    {
      name: 'a pool with its end before its start',
      given: { cidr, allocation_pools: [{ start: '10.50.0.20', end: '10.50.0.10' }] },
      gives:
        "subnet.allocation_pools[0]: '10.50.0.20-10.50.0.10' is not a range of addresses, lower end first",
    },
    {
      name: 'pools that overlap',
      given: {
        cidr,
        allocation_pools: [
          { start: '10.50.0.10', end: '10.50.0.20' },
          { start: '10.50.0.20', end: '10.50.0.30' },
        ],
      },
      gives:
        "subnet.allocation_pools[1]: '10.50.0.20-10.50.0.30' overlaps with '10.50.0.10-10.50.0.20'",
    },
    {
      name: 'an invalid name server',
      given: { cidr, dns_nameservers: ['dns'] },
      gives: "subnet.dns_nameservers[0]: 'dns' is not an IP address",
    },
  ];
  for (const { name, given, gives } of refusals) {
    test(`refuses ${name}`, async () => {
      const { networks } = (await send('GET /v2.0/networks?name=red')).body;
      const { status, body } = await newSubnet({ network_id: networks[0].id, ...given });
      expect([status, body.NeutronError.message]).toEqual([400, gives]);
    });
  }

  test('refuses a range that overlaps with another of the network, and a gateway inside a pool', async () => {
    const { id } = (await newNetwork({ name: 's2', ...vlan(71) })).body.network;
    const first = (await newSubnet({ network_id: id, cidr: '10.60.0.0/24' })).body.subnet;
    const { status, body } = await newSubnet({ network_id: id, cidr: '10.60.0.128/25' });
    expect([status, body.NeutronError.message]).toEqual([
      400,
      `subnet.cidr: 10.60.0.128/25 overlaps with 10.60.0.0/24 of subnet ${first.id} on network ${id}`,
    ]);
    const pool = [{ start: '10.61.0.1', end: '10.61.0.9' }];
    const conflict = await newSubnet({
      network_id: id,
      cidr: '10.61.0.0/24',
      allocation_pools: pool,
    });
    expect([conflict.status, conflict.body.NeutronError.type]).toEqual([
      409,
      'GatewayConflictWithAllocationPools',
    ]);
  });

  test('a subnet in use stays; a network in use stays; both can be deleted after their ports', async () => {
    const { id } = (await newNetwork({ name: 's3', ...vlan(72) })).body.network;
    const { subnet } = (await newSubnet({ network_id: id, cidr: '10.70.0.0/24' })).body;
    const { port } = (await send('POST /v2.0/ports', { port: { network_id: id } })).body;
    const subnetInUse = await send(`DELETE /v2.0/subnets/${subnet.id}`);
    expect([subnetInUse.status, subnetInUse.body.NeutronError.message]).toEqual([
      409,
      `Unable to complete operation on subnet ${subnet.id}: One or more ports have an IP allocation from this subnet (10.70.0.2).`,
    ]);
    const networkInUse = await send(`DELETE /v2.0/networks/${id}`);
    expect(networkInUse.status).toBe(409);
    expect(networkInUse.body.NeutronError.message).toContain(port.id);
    expect((await send(`DELETE /v2.0/ports/${port.id}`)).status).toBe(204);
    expect((await send(`DELETE /v2.0/networks/${id}`)).status).toBe(204);
    expect((await send(`GET /v2.0/subnets/${subnet.id}`)).status).toBe(404);
  });
});

describe('security groups', () => {
  test('groups and rules are created, shown and removed', async () => {
    const { body } = await send('POST /v2.0/security-groups', { security_group: { name: 'web' } });
    const { id } = body.security_group;
    const rule = {
      security_group_id: id,
      direction: 'ingress',
      protocol: 'tcp',
      port_range_min: 80,
      port_range_max: 80,
    };
    const made = await send('POST /v2.0/security-group-rules', { security_group_rule: rule });
    expect(made.status).toBe(201);
    const show = await send(`GET /v2.0/security-groups/${id}`);
    expect(show.body.security_group.security_group_rules).toHaveLength(3);
    const upsideDown = { ...rule, port_range_max: 79 };
    const bad = await send('POST /v2.0/security-group-rules', { security_group_rule: upsideDown });
    expect(bad.body.NeutronError.message).toBe(
      'security_group_rule.port_range_min: 80 is above port_range_max 79',
    );
    expect((await send(`DELETE /v2.0/security-groups/${id}`)).status).toBe(204);
  });

  test('default exists from the start and stays', async () => {
    const { body } = await send('GET /v2.0/security-groups', undefined, cloud.demoToken);
    const [{ id, name }] = body.security_groups;
    expect(name).toBe('default');
    const removed = await send(`DELETE /v2.0/security-groups/${id}`, undefined, cloud.demoToken);
    expect(removed.status).toBe(409);
  });
});

describe('other routes', () => {
  test('the extension list names the supported extensions', async () => {
    const { body } = await send('GET /v2.0/extensions');
    const aliases = body.extensions.map((extension: { alias: string }) => extension.alias);
    expect(aliases).toEqual(expect.arrayContaining(['provider', 'binding', 'security-group']));
    expect((await send('GET /v2.0/extensions/provider')).status).toBe(200);
    expect((await send('GET /v2.0/extensions/tag-ports-during-bulk-creation')).status).toBe(404);
  });

  test('versions need no token; everything else does', async () => {
    expect((await ask(cloud.network.app, 'GET /')).body.versions[0].id).toBe('v2.0');
    const refused = await ask(cloud.network.app, 'GET /v2.0/networks');
    expect([refused.status, refused.body.error.message]).toEqual([
      401,
      'The request has no X-Auth-Token header.',
    ]);
    const wrong = await ask(cloud.network.app, 'GET /v2.0/networks', { token: 'junk' });
    expect(wrong.body.error.message).toBe('The token is unknown, expired or revoked.');
  });

  test('small reads of common clients are answered', async () => {
    expect((await send('GET /v2.0/agents')).body).toEqual({ agents: [] });
    expect((await send('GET /v2.0/availability_zones')).body.availability_zones).toHaveLength(1);
    expect((await send('GET /v2.0/quotas/p1')).body.quota.port).toBe(-1);
    expect((await send('GET /v2.0/quotas/p1/details.json')).body.quota.port.used).toBe(0);
    expect((await send('GET /v2.0/')).body.resources[0].collection).toBe('networks');
  });

  test('a missing resource is answered with 404', async () => {
    const router = await send('POST /v2.0/routers', {});
    expect([router.status, router.body.NeutronError.message]).toEqual([
      501,
      'routers: POST /v2.0/routers is not offered by the embedded network service; a real Neutron has it.',
    ]);
    const nonsense = await send('GET /v2.0/nonsense');
    expect([nonsense.status, nonsense.body.NeutronError.message]).toEqual([
      404,
      'GET /v2.0/nonsense is not offered by the embedded network service.',
    ]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, hosts, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let network: string;
let subnet: string;

beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  const made = await post('networks', { network: { name: 'red', shared: true } });
  network = made.body.network.id;
  subnet = (await post('subnets', { subnet: { network_id: network, cidr: '10.0.0.0/29' } })).body
    .subnet.id;
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown, token = cloud.adminToken) =>
  ask(cloud.network.app, act, { token, ...(body !== undefined && { body }) });
const post = (path: string, body: unknown, token?: string) =>
  send(`POST /v2.0/${path}`, body, token);
const newPort = async (port: object = {}, token?: string) =>
  post('ports', { port: { network_id: network, ...port } }, token);
const change = (id: string, port: object, token?: string) =>
  send(`PUT /v2.0/ports/${id}`, { port }, token);
const remove = (id: string) => send(`DELETE /v2.0/ports/${id}`);

describe('addresses', () => {
  test('ports get the next free address of the pool, and a released one is used again', async () => {
    const first = (await newPort()).body.port;
    const second = (await newPort()).body.port;
    expect(first.fixed_ips).toEqual([{ subnet_id: subnet, ip_address: '10.0.0.2' }]);
    expect(second.fixed_ips[0].ip_address).toBe('10.0.0.3');
    expect(first.mac_address).toMatch(/^fa:16:3e:/);
    expect(first.mac_address).not.toBe(second.mac_address);
    await remove(first.id);
    const third = (await newPort()).body.port;
    expect(third.fixed_ips[0].ip_address).toBe('10.0.0.2');
    await remove(second.id);
    await remove(third.id);
  });

  test('ports created concurrently get different addresses, and the last is refused when none is left', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => newPort()));
    const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.port);
    expect(new Set(made.map((port) => port.fixed_ips[0].ip_address)).size).toBe(5);
    const refused = answers.find(({ status }) => status !== 201);
    expect(refused?.status).toBe(409);
    expect(refused?.body.NeutronError).toMatchObject({
      type: 'IpAddressGenerationFailure',
      message: `No more IP addresses available on network ${network}: 10.0.0.0/29 has none left`,
    });
    for (const { id } of made) await remove(id);
  });

  test('an address and a MAC can be requested, once', async () => {
    const requested = { fixed_ips: [{ ip_address: '10.0.0.5' }], mac_address: 'FA:16:3E:00:00:09' };
    const { port } = (await newPort(requested)).body;
    expect(port).toMatchObject({
      mac_address: 'fa:16:3e:00:00:09',
      fixed_ips: [{ subnet_id: subnet, ip_address: '10.0.0.5' }],
    });
    const again = await newPort({ fixed_ips: [{ subnet_id: subnet, ip_address: '10.0.0.5' }] });
    expect([again.status, again.body.NeutronError.message]).toEqual([
      409,
      `port.fixed_ips[0].ip_address: 10.0.0.5 is in use by another port of subnet ${subnet}`,
    ]);
    expect((await newPort({ mac_address: 'fa:16:3e:00:00:09' })).status).toBe(409);
    const kept = await change(port.id, { fixed_ips: [{ ip_address: '10.0.0.5' }, {}] });
    expect(kept.body.port.fixed_ips.map((ip: { ip_address: string }) => ip.ip_address)).toEqual([
      '10.0.0.5',
      '10.0.0.2',
    ]);
    await remove(port.id);
  });

  test('a network with both IP versions assigns one address of each', async () => {
    const { id } = (await post('networks', { network: { name: 'dual' } })).body.network;
    for (const cidr of ['10.9.0.0/24', 'fd00:9::/64']) {
      await post('subnets', {
        subnet: { network_id: id, cidr, ip_version: cidr[0] === 'f' ? 6 : 4 },
      });
    }
    const { port } = (await newPort({ network_id: id })).body;
    expect(port.fixed_ips.map((ip: { ip_address: string }) => ip.ip_address)).toEqual([
      '10.9.0.2',
      'fd00:9::2',
    ]);
    await remove(port.id);
  });
});

describe('binding', () => {
  const bind = { 'binding:host_id': 'peer-compute-1', 'binding:profile': { pci_slot: 'x' } };
  const rows = [
    {
      vnicType: 'direct',
      gives: {
        'binding:vif_type': 'hw_veb',
        'binding:vif_details': {
          port_filter: false,
          connectivity: 'l2',
          vlan: '100',
          vf_settings: { spoof_check: true, link_state: 'auto' },
        },
        status: 'ACTIVE',
      },
    },
    { vnicType: 'macvtap', gives: { 'binding:vif_type': 'hw_veb' } },
    { vnicType: 'direct-physical', gives: { 'binding:vif_type': 'hostdev_physical' } },
    {
      vnicType: 'normal',
      gives: {
        'binding:vif_type': 'bridge',
        'binding:vif_details': {
          port_filter: false,
          connectivity: 'l2',
          bridge_name: expect.stringMatching(/^brq[0-9a-f]{8}-[0-9a-f]{2}$/),
        },
      },
    },
    { vnicType: 'vdpa', gives: { 'binding:vif_type': 'binding_failed', status: 'DOWN' } },
  ];
  for (const { vnicType, gives } of rows) {
    test(`a ${vnicType} port binds as ${gives['binding:vif_type']}`, async () => {
      const { port } = (await newPort({ 'binding:vnic_type': vnicType })).body;
      expect(port['binding:vif_type']).toBe('unbound');
      const bound = await change(port.id, bind);
      expect(bound.body.port).toMatchObject(gives);
      const free = await change(port.id, { 'binding:host_id': null, 'binding:profile': {} });
      expect(free.body.port).toMatchObject({
        'binding:host_id': '',
        'binding:vif_type': 'unbound',
        'binding:vif_details': {},
        'binding:profile': {},
        status: 'DOWN',
      });
      await remove(port.id);
    });
  }

  for (const { vnicType, gives } of [
    { vnicType: 'vdpa', gives: { 'binding:vif_type': 'ovs' } },
    { vnicType: 'remote-managed', gives: { 'binding:vif_type': 'ovs' } },
    { vnicType: 'virtio-forwarder', gives: { 'binding:vif_type': 'vhostuser' } },
  ]) {
    test(`a ${vnicType} port binds to the switch of a host that has one`, async () => {
      const { port } = (await newPort({ 'binding:vnic_type': vnicType })).body;
      const bound = await change(port.id, { 'binding:host_id': 'switching-host' });
      expect(bound.body.port).toMatchObject({
        ...gives,
        status: 'ACTIVE',
        'binding:vif_details': {
          bridge_name: 'br-int',
          ...(vnicType === 'virtio-forwarder' && {
            vhostuser_mode: 'server',
            vhostuser_socket: `/var/run/openvswitch/vhu${port.id.slice(0, 11)}`,
          }),
        },
      });
      // A host that has not reported since a restart.
      const switching = hosts['switching-host']!;
      hosts['switching-host'] = { ...switching, offloadBridge: null };
      const renamed = await change(port.id, { name: 'other', admin_state_up: false });
      hosts['switching-host'] = switching;
      expect(renamed.body.port).toMatchObject({ ...gives, status: 'ACTIVE' });
      const elsewhere = await change(port.id, { 'binding:host_id': 'peer-compute-1' });
      expect(elsewhere.body.port['binding:vif_type']).toBe('binding_failed');
      await remove(port.id);
    });
  }

  for (const host of ['host-2', 'unknown-host']) {
    test(`binding fails on ${host}, which has no physnet1; that is an answer, not an error`, async () => {
      const { port } = (await newPort({ 'binding:vnic_type': 'direct' })).body;
      const { status, body } = await change(port.id, { 'binding:host_id': host });
      expect(status).toBe(200);
      expect(body.port).toMatchObject({
        'binding:host_id': host,
        'binding:vif_type': 'binding_failed',
        'binding:vif_details': {},
      });
      await remove(port.id);
    });
  }

  test('a bound port has its VF settings, following port security and admin state', async () => {
    const off = { port_security_enabled: false, admin_state_up: false };
    const { port } = (await newPort({ 'binding:vnic_type': 'macvtap', ...off })).body;
    const settings = async (requested: object) =>
      (await change(port.id, requested)).body.port['binding:vif_details'].vf_settings;
    expect(await settings(bind)).toEqual({ spoof_check: false, link_state: 'disable' });
    expect(await settings({ admin_state_up: true })).toEqual({
      spoof_check: false,
      link_state: 'auto',
    });
    await remove(port.id);
  });

  test('a port has security groups only with port security', async () => {
    const { port } = (await newPort({})).body;
    const [group] = port.security_groups;
    const off = { port_security_enabled: false };
    const refusalOf = ({
      status,
      body,
    }: {
      status: number;
      body: Record<string, { type: string }>;
    }) => [status, body['NeutronError']?.type];
    const needed = [400, 'PortSecurityAndIPRequiredForSecurityGroups'];
    expect(refusalOf(await newPort({ ...off, security_groups: [group] }))).toEqual(needed);
    expect(refusalOf(await change(port.id, off))).toEqual([
      409,
      'PortSecurityPortHasSecurityGroup',
    ]);
    const without = await change(port.id, { ...off, security_groups: [] });
    expect(without.body.port).toMatchObject({ ...off, security_groups: [] });
    expect(refusalOf(await change(port.id, { security_groups: [group] }))).toEqual(needed);
    const both = await change(port.id, { port_security_enabled: true, security_groups: [group] });
    expect(both.status).toBe(200);
    await remove(port.id);
  });

  test('the VNIC type of a bound port cannot change', async () => {
    const { port } = (await newPort({ 'binding:vnic_type': 'direct' })).body;
    await change(port.id, bind);
    const { status, body } = await change(port.id, { 'binding:vnic_type': 'macvtap' });
    expect([status, body.NeutronError.message]).toEqual([
      409,
      `port.binding:vnic_type: 'macvtap': port ${port.id} is bound as direct; unbind it first`,
    ]);
    await remove(port.id);
  });
});

test('concurrent changes of one port lose none of each other', async () => {
  const { port } = (await newPort()).body;
  const bind = { 'binding:host_id': 'peer-compute-1' };
  const changes = [{ name: 'new' }, { description: 'two' }, { device_id: 'vm' }, bind];
  for (const { status } of await Promise.all(changes.map((each) => change(port.id, each)))) {
    expect(status).toBe(200);
  }
  const after = (await send(`GET /v2.0/ports/${port.id}`)).body.port;
  const wanted = { name: 'new', description: 'two', device_id: 'vm', ...bind };
  expect(after).toMatchObject({ ...wanted, revision_number: port.revision_number + 4 });
  await remove(port.id);
});

describe('projects are isolated', () => {
  test('a member sees neither other projects’ ports nor where its own are bound', async () => {
    const foreign = (await newPort()).body.port;
    const own = (await newPort({ name: 'mine' }, cloud.demoToken)).body.port;
    await change(own.id, { 'binding:host_id': 'peer-compute-1' });
    const show = await send(`GET /v2.0/ports/${own.id}`, undefined, cloud.demoToken);
    expect(show.body.port['binding:vnic_type']).toBe('normal');
    expect(Object.keys(show.body.port).filter((key) => key.startsWith('binding:'))).toEqual([
      'binding:vnic_type',
    ]);
    const denied = await send(`GET /v2.0/ports/${foreign.id}`, undefined, cloud.demoToken);
    expect([denied.status, denied.body.NeutronError]).toEqual([
      404,
      { type: 'PortNotFound', message: `Port ${foreign.id} could not be found.`, detail: '' },
    ]);
    const list = await send('GET /v2.0/ports', undefined, cloud.demoToken);
    expect(list.body.ports.map((port: { name: string }) => port.name)).toEqual(['mine']);
    for (const body of [{ 'binding:host_id': 'h' }, { 'binding:profile': { a: 1 } }]) {
      const refused = await change(own.id, body, cloud.demoToken);
      expect([refused.status, refused.body.NeutronError.message]).toEqual([
        403,
        `rule:update_port:${Object.keys(body)[0]} is disallowed by policy: port.${Object.keys(body)[0]} may be set only with the role admin or service.`,
      ]);
    }
    await remove(foreign.id);
    await remove(own.id);
  });

  test('the default security group is the port owner’s', async () => {
    const { port } = (await newPort({}, cloud.demoToken)).body;
    const groups = (await send('GET /v2.0/security-groups', undefined, cloud.demoToken)).body;
    expect(groups.security_groups).toHaveLength(1);
    expect(groups.security_groups[0]).toMatchObject({
      id: port.security_groups[0],
      name: 'default',
      project_id: port.project_id,
    });
    expect(groups.security_groups[0].security_group_rules).toHaveLength(4);
    await remove(port.id);
  });
});

describe('lists', () => {
  test('filters, fields in each form that clients send, sorting and pages', async () => {
    for (const name of ['a', 'b', 'c']) await newPort({ name, device_id: `vm-${name}` });
    const ask = async (query: string) => (await send(`GET /v2.0/ports?${query}`)).body.ports;
    const names = async (query: string) =>
      (await ask(query)).map((port: { name: string }) => port.name);
    expect(await names('device_id=vm-b')).toEqual(['b']);
    expect(await names('name=a&name=c&sort_key=name&sort_dir=asc')).toEqual(['a', 'c']);
    expect(await names('fixed_ips=ip_address=10.0.0.3')).toEqual(['b']);
    expect(await names(`fixed_ips=subnet_id=${subnet}&fixed_ips=ip_address=10.0.0.3`)).toEqual([
      'b',
    ]);
    expect(await names('sort_key=name&sort_dir=desc&limit=2')).toEqual(['c', 'b']);
    const [first] = await ask('sort_key=name&sort_dir=asc&limit=1');
    expect(await names(`sort_key=name&sort_dir=asc&limit=1&marker=${first.id}`)).toEqual(['b']);
    expect(await ask('name=a&fields=name&fields=status')).toEqual([{ name: 'a', status: 'DOWN' }]);
    const odd = encodeURIComponent("['name', 'device_id']");
    expect(await ask(`name=a&fields=${odd}`)).toEqual([{ name: 'a', device_id: 'vm-a' }]);
    for (const port of await ask('')) await remove(port.id);
  });
});

describe('bad input is refused with field, value and rule', () => {
  const rows = [
    {
      name: 'an unknown VNIC type',
      given: { 'binding:vnic_type': 'bogus' },
      gives: [
        400,
        'port.binding:vnic_type: "bogus" is not allowed: must be one of normal, direct, macvtap, direct-physical, baremetal, virtio-forwarder, vdpa, remote-managed, smart-nic, accelerator-direct, accelerator-direct-physical',
      ],
    },
    {
      name: 'an unknown key',
      given: { vlan: 3 },
      gives: [400, "Unrecognized attribute(s) 'vlan'"],
    },
    {
      name: 'an unknown network',
      given: { network_id: 'nope' },
      gives: [404, 'Network nope could not be found.'],
    },
    {
      name: 'a flag that is text',
      given: { admin_state_up: 'yes' },
      gives: [400, 'port.admin_state_up: "yes" is not allowed: must be boolean'],
    },
    {
      name: 'an address outside',
      given: { fixed_ips: [{ ip_address: '10.1.0.1' }] },
      gives: [400, "port.fixed_ips[0].ip_address: '10.1.0.1' is not a host address of 10.0.0.0/29"],
    },
    {
      name: 'the broadcast address',
      given: { fixed_ips: [{ ip_address: '10.0.0.7' }] },
      gives: [400, "port.fixed_ips[0].ip_address: '10.0.0.7' is not a host address of 10.0.0.0/29"],
    },
    {
      name: 'no address',
      given: { fixed_ips: [{ ip_address: '10.0.0' }] },
      gives: [400, "port.fixed_ips[0].ip_address: '10.0.0' is not an IP address"],
    },
    {
      name: 'no MAC',
      given: { mac_address: 'x' },
      gives: [400, "port.mac_address: 'x' is not a MAC address, such as fa:16:3e:00:00:01"],
    },
    {
      name: 'an unknown security group',
      given: { security_groups: ['nope'] },
      gives: [404, 'Security group nope could not be found.'],
    },
    {
      name: 'an unsupported part of Neutron',
      given: { qos_policy_id: 'q' },
      gives: [
        501,
        'port.qos_policy_id: QoS policies: not offered by the embedded network service; a real Neutron has it.',
      ],
    },
  ];
  for (const { name, given, gives } of rows) {
    test(`refuses ${name}`, async () => {
      const { status, body } = await newPort(given);
      expect([status, body.NeutronError.message]).toEqual(gives);
    });
  }

  test('nothing is left of a refused port', async () => {
    expect((await send('GET /v2.0/ports')).body.ports).toEqual([]);
  });

  test('an unknown filter is not taken for "all"', async () => {
    const { status, body } = await send('GET /v2.0/ports?device=x');
    expect(status).toBe(400);
    expect(body.NeutronError.message).toMatch(
      /^\['device'\] is invalid attribute for filtering; filters are: id, /,
    );
  });
});

/** The client of Neutron against answers that a real Neutron sent. */
import { afterEach, expect, test } from 'vitest';
import { physicalSegmentOf } from '#core/networking/vif-of.ts';
import {
  type ReceivedRequest,
  type Reply,
  scriptedOpenStack,
  type ScriptedOpenStack,
  member,
} from '#test/worlds/scripted-openstack.ts';
import exchanges from '../../../../test/fixtures/recorded/neutron-exchanges.json' with {
  type: 'json',
};

let scripted: ScriptedOpenStack;
afterEach(() => scripted.stop());

/** A recorded answer. */
function recorded(name: string) {
  const found = exchanges.find((exchange) => exchange.name === name);
  if (found === undefined) throw new Error(`no exchange ${name}`);
  const { status, response } = found;
  const port = (response as { port?: { id: string } } | null)?.port;
  return { reply: { status, body: response }, sent: found.body, id: port?.id ?? '' };
}

async function start(...replies: Reply[]) {
  scripted = await scriptedOpenStack(replies);
  return scripted.client.network;
}

test('a bind is the body that Nova sends, and its answer is the bound port', async () => {
  const { reply, sent, id } = recorded('13-direct-port-bind');
  const network = await start(reply);
  const bound = await network.updatePort(id, {
    deviceId: '00000000-0000-4000-8000-000000000001',
    deviceOwner: 'compute:nova',
    bindingHost: 'peer-compute-1',
    profile: {
      pci_slot: '0000:81:00.1',
      pci_vendor_info: '8086:154c',
      physical_network: 'physnet1',
    },
    dnsName: 'vm',
  });
  expect(scripted.received).toMatchObject([
    { method: 'PUT', path: `/v2.0/ports/${id}`, body: sent },
  ]);
  expect(bound).toMatchObject({
    vnicType: 'direct',
    vifType: 'hw_veb',
    vifDetails: { vlan: '200', connectivity: 'l2' },
    bindingHost: 'peer-compute-1',
    status: 'DOWN',
  });
});

test('an unbind is the body that Nova sends', async () => {
  const { reply, sent, id } = recorded('16-direct-port-unbind');
  const network = await start(reply);
  const free = await network.updatePort(id, {
    deviceId: '',
    deviceOwner: '',
    bindingHost: null,
    profile: {},
  });
  expect(scripted.received[0]?.body).toEqual(sent);
  expect(free).toMatchObject({ vifType: 'unbound', bindingHost: '', profile: {} });
});

test('a new port is the body that Nova sends', async () => {
  const network = await start({ ...recorded('11-direct-port-create').reply, status: 201 });
  const newPort = { networkId: 'n1', projectId: 'p1', deviceId: 's1', fixedIp: null };
  await network.createPort(newPort, member);
  expect(scripted.received).toMatchObject([
    { method: 'POST', path: '/v2.0/ports', headers: { 'x-auth-token': member.token } },
  ]);
  expect(scripted.received[0]?.body).toEqual({
    port: { device_id: 's1', network_id: 'n1', admin_state_up: true, tenant_id: 'p1' },
  });
});

test('binding_failed is returned as an answer', async () => {
  const { reply, id } = recorded('42-direct-port-bind-no-agent-host');
  const network = await start(reply);
  expect(await network.updatePort(id, { bindingHost: 'no-agent-here' })).toMatchObject({
    vifType: 'binding_failed',
    bindingHost: 'no-agent-here',
  });
});

const serviceRole =
  'the role `service` of user nova on project service, to write binding:profile and to act for users ' +
  '(openstack role add --project service --user nova service)';

test('a service user without the role service gets that error, with Neutron’s message', async () => {
  const message =
    '((((rule:update_port and rule:update_port:device_id) and rule:update_port:device_owner) and ' +
    'rule:update_port:binding:host_id) and rule:update_port:binding:profile) is disallowed by policy';
  const body = { NeutronError: { type: 'PolicyNotAuthorized', message, detail: '' } };
  scripted = await scriptedOpenStack([{ status: 403, body }], { roles: ['admin'] });
  const { network } = scripted.client;
  await expect(network.updatePort('p', { bindingHost: null })).rejects.toMatchObject({
    kind: 'forbidden',
    message: `the network service at ${scripted.url} refuses PUT /v2.0/ports/p: it needs ${serviceRole}; its message: ${message}`,
  });
});

const quota = { type: 'OverQuota', message: "Quota exceeded for resources: ['port'].", detail: '' };
const inUse = {
  type: 'IpAddressAlreadyAllocated',
  message: 'IP address 10.0.0.9 already allocated in subnet s',
  detail: '',
};
test.each([
  {
    given: recorded('47-port-show-404').reply,
    kind: 'notFound',
    expected: 'Port p-direct-none could',
  },
  {
    given: recorded('43-port-create-bad-vnic-type').reply,
    kind: 'invalid',
    expected: 'bogus is not',
  },
  { given: { status: 409, body: { NeutronError: inUse } }, kind: 'conflict', expected: '10.0.0.9' },
  { given: { status: 409, body: { NeutronError: quota } }, kind: 'overQuota', expected: 'Quota' },
  { given: { status: 413, body: { NeutronError: quota } }, kind: 'overQuota', expected: 'Quota' },
  { given: { status: 500, body: {} }, kind: 'unavailable', expected: 'answers 500 to GET' },
  { given: { status: 200 }, kind: 'unavailable', expected: 'answers 200 to GET /v2.0/ports/p' },
])(
  '$given.status is $kind with Neutron’s message: $expected',
  async ({ given, kind, expected }) => {
    const network = await start(given);
    await expect(network.showPort('p', member)).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(expected),
    });
  },
);

test('floating IPs are those that lead to the ports', async () => {
  const leading = { port_id: 'p', fixed_ip_address: '10.0.0.5' };
  const idle = { port_id: null, fixed_ip_address: null, floating_ip_address: '198.51.100.8' };
  const floatingips = [{ ...leading, floating_ip_address: '198.51.100.7' }, idle];
  const network = await start({ status: 200, body: { floatingips } });
  expect(await network.listFloatingIps(['p', 'q'])).toEqual([
    { portId: 'p', fixedIp: '10.0.0.5', address: '198.51.100.7' },
  ]);
  expect(scripted.received[0]?.path).toBe('/v2.0/floatingips?port_id=p&port_id=q');
});

test('a Neutron without routers has no floating IPs', async () => {
  const network = await start({ status: 404, body: {} });
  expect(await network.listFloatingIps(['p'])).toEqual([]);
  expect(await network.listFloatingIps([])).toEqual([]);
  expect(scripted.received).toHaveLength(1);
});

test('deleting a port that does not exist is no error', async () => {
  const network = await start(recorded('47-port-show-404').reply);
  await network.deletePort('gone/../networks');
  expect(scripted.received[0]?.path).toBe('/v2.0/ports/gone%2F..%2Fnetworks');
});

test('what a user names is read with the user’s token, beside the service’s', async () => {
  const network = await start(recorded('12-direct-port-show-unbound').reply);
  await network.showPort('p', member);
  await network.updatePort('p', {});
  expect(
    scripted.received.map(({ headers }) => [headers['x-auth-token'], headers['x-service-token']]),
  ).toEqual([
    ['user-token', 'own-1'],
    ['own-1', undefined],
  ]);
});

test('with both roles the error names the policy', async () => {
  const network = await start({ status: 403, body: {} });
  await expect(network.updatePort('p', {})).rejects.toThrow(
    "user nova has the roles admin, service on project service, so the service's policy asks for more",
  );
});

test('without the role admin a hidden binding or physical network is not taken as absent', async () => {
  const port = { ...(recorded('12-direct-port-show-unbound').reply.body as { port: object }).port };
  const asMember = Object.fromEntries(
    Object.entries(port).filter(([key]) => !/^binding:(?!vnic)/.test(key)),
  );
  const plain = { id: 'n', name: 'n', mtu: 1500, subnets: [] };
  const body = { ports: [asMember], networks: [plain] };
  scripted = await scriptedOpenStack([{ status: 200, body }], { roles: ['service'] });
  const { network } = scripted.client;
  const expected = {
    kind: 'forbidden',
    message: expect.stringContaining('it needs the role `admin` of user nova on project service'),
  };
  await expect(network.listPorts(['p'])).rejects.toMatchObject(expected);
  await expect(network.showNetwork('n')).rejects.toMatchObject(expected);
});

const vlanNetwork = recorded('07-network-show').reply;

test('concurrent reads of networks are one call, and one for their subnets, while they are cached', async () => {
  const subnets = ['s2', 's1'];
  const { network: shown } = vlanNetwork.body as { network: { id: string } };
  const second = { ...shown, id: 'another', subnets: [] };
  const subnet = {
    network_id: shown.id,
    cidr: '10.0.0.0/24',
    ip_version: 4,
    gateway_ip: null,
    dns_nameservers: ['10.0.0.2'],
    host_routes: [],
    enable_dhcp: true,
  };
  scripted = await scriptedOpenStack(({ path }: ReceivedRequest) =>
    path.startsWith('/v2.0/subnets')
      ? {
          status: 200,
          body: {
            subnets: [
              { ...subnet, id: 's1' },
              { ...subnet, id: 's2' },
            ],
          },
        }
      : path.includes('?id=')
        ? { status: 200, body: { networks: [{ ...shown, subnets }, second] } }
        : { status: 200, body: { network: { ...shown, subnets } } },
  );
  const { network } = scripted.client;
  const [one, other, two] = await Promise.all([
    network.showNetwork(shown.id),
    network.showNetwork(shown.id),
    network.showNetwork(second.id),
  ]);
  expect(one).toEqual(other);
  expect(two).toMatchObject({ id: second.id, subnets: [] });
  expect(scripted.received.map(({ path }) => path)).toEqual([
    `/v2.0/networks?id=${shown.id}&id=${second.id}`,
    `/v2.0/subnets?network_id=${shown.id}`,
  ]);
  expect(one).toMatchObject({
    segments: [{ networkType: 'vlan', physicalNetwork: 'physnet1', segmentationId: 200 }],
    subnets: [{ id: 's2' }, { id: 's1', dnsNameservers: ['10.0.0.2'], gatewayIp: null }],
  });
  expect(scripted.client.calls()).toEqual({ 'identity POST': 1, 'network GET': 2 });
  scripted.time.now += 10_000;
  await network.showNetwork(shown.id);
  await network.findNetwork(shown.id, member);
  await network.findNetwork(shown.id, member);
  expect(scripted.client.calls()['network GET']).toBe(6);
});

test('of several segments the first with a physical network counts; numbers come as text', async () => {
  const segments = [
    {
      'provider:network_type': 'vxlan',
      'provider:physical_network': null,
      'provider:segmentation_id': 5000,
    },
    {
      'provider:network_type': 'vlan',
      'provider:physical_network': 'physnet2',
      'provider:segmentation_id': '42',
    },
  ];
  const body = { networks: [{ id: 'n', name: 'n', mtu: 1450, subnets: [], segments }] };
  const network = await start({ status: 200, body });
  const seen = await network.showNetwork('n');
  expect(seen.segments).toHaveLength(2);
  expect(physicalSegmentOf(seen)).toEqual({
    networkType: 'vlan',
    physicalNetwork: 'physnet2',
    segmentationId: 42,
  });
});

test('agents are read once per half minute, page by page; each type reports its networks in its own way', async () => {
  const agent = (id: string, agentType: string, configurations?: object) => ({
    ...{ id, agent_type: agentType, host: 'h1', alive: id !== 'a2' },
    ...{ heartbeat_timestamp: '2026-11-23 07:34:44', configurations },
  });
  const pages = {
    '/v2.0/agents': [
      agent('a1', 'NIC Switch agent', { device_mappings: { physnet1: ['ens1f0'] } }),
      agent('a2', 'Open vSwitch agent', {
        bridge_mappings: { physnet2: 'br-2' },
        tunnel_types: ['vxlan'],
      }),
    ],
    '/v2.0/agents?marker=a2': [
      agent('a3', 'OVN Controller agent', { 'bridge-mappings': 'physnet3:br-ex, physnet4:br-4' }),
      agent('a4', 'Linux bridge agent', {
        interface_mappings: { physnet5: 'eth5' },
        bridge_mappings: {},
      }),
      agent('a5', 'DHCP agent'),
    ],
  };
  scripted = await scriptedOpenStack(({ path }: ReceivedRequest) => ({
    status: 200,
    body: {
      agents: pages[path as keyof typeof pages],
      ...(path === '/v2.0/agents' && { agents_links: [{ rel: 'next', href: 'x' }] }),
    },
  }));
  const { network } = scripted.client;
  const [agents] = await Promise.all([network.listAgents(), network.listAgents()]);
  expect(
    agents.on('h1').map((each) => [each.isAlive, each.physicalNetworks, each.tunnelTypes]),
  ).toEqual([
    [true, ['physnet1'], null],
    [false, ['physnet2'], ['vxlan']],
    [true, ['physnet3', 'physnet4'], null],
    [true, ['physnet5'], null],
    [true, null, null],
  ]);
  expect(agents.readAt).toBe(scripted.time.now);
  scripted.time.now += 29_999;
  await network.listAgents();
  expect(scripted.received).toHaveLength(2);
  scripted.time.now += 1;
  await network.listAgents();
  expect(scripted.received).toHaveLength(4);
  await network.listAgents(true);
  expect(scripted.received).toHaveLength(6);
});

test('for display, security groups are cached for a second per token; for changes they are read each time', async () => {
  const group = {
    id: 'g',
    name: 'web',
    description: '',
    project_id: 'p1',
    security_group_rules: [],
  };
  const network = await start({ status: 200, body: { security_groups: [group] } });
  const shown = (token: string) =>
    network.listSecurityGroups({ ids: ['g', 'h'] }, { ...member, token }, true);
  const [first, second] = await Promise.all([shown('a'), shown('a')]);
  expect(first?.map(({ name }) => name)).toEqual(['web']);
  first?.splice(0);
  expect(second).toHaveLength(1);
  expect(scripted.received).toHaveLength(1);
  await shown('b');
  expect(scripted.received.map(({ headers }) => headers['x-auth-token'])).toEqual(['a', 'b']);
  scripted.time.now += 1_000;
  await shown('a');
  await network.listSecurityGroups({ ids: ['g', 'h'] }, { ...member, token: 'a' });
  expect(scripted.received).toHaveLength(4);
});

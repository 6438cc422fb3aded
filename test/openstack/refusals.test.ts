/**
 * Ports that cannot be bound, on a real Neutron: refused before anything is claimed where its
 * agents show it, and with a plain message where only the binding does.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustRun } from '#test/debian/must-run.ts';
import { type Cloud, startCloud, unbound } from './cloud.ts';
import { callsDuring } from './logged-calls.ts';

let cloud: Cloud;
let red: string;
const host = { enp1s0: 'physnet1' };

const vlan = (id: number) => ({
  network_type: 'vlan',
  physical_network: 'physnet1',
  segmentation_id: id,
});
const vxlan = (id: number) => ({ network_type: 'vxlan', segmentation_id: id });

beforeAll(async () => {
  cloud = await startCloud({ hosts: { 'host-1': host } });
  await cloud.openstack.register('compute', cloud.computeUrl);
  red = await cloud.network('red', '10.1.0.0/24', vlan(201));
});

afterAll(() => cloud?.stop());

/** An administrator's message; its user reads nothing of hosts. */
async function faultOf(server: string): Promise<string> {
  const columns = ['-c', 'status', '-c', 'fault'];
  const [forAlice, shown] = [
    await cloud.openstack.json('alice', 'server', 'show', server, ...columns),
    await cloud.openstack.json('admin', 'server', 'show', server, ...columns),
  ];
  expect([forAlice.status, shown.status]).toEqual(['ERROR', 'ERROR']);
  expect(forAlice.fault.message).not.toMatch(/host-\d|agent/);
  return shown.fault.message;
}

/** A boot that ends in ERROR without a request to Neutron to bind anything. */
async function refusedBeforeBinding(portId: string): Promise<string> {
  let id = '';
  const { calls } = await callsDuring(cloud, async () => {
    ({ id } = await cloud.boot('refused', [{ port: portId }]));
  });
  expect(calls.filter((call) => call.includes('PUT'))).toEqual([]);
  expect(await cloud.shown(portId)).toMatchObject(unbound);
  const fault = await faultOf(id);
  const env = { OS_CLIENT_CONFIG_FILE: cloud.openstack.cloudsYaml, OS_CLOUD: 'admin' };
  expect(await mustRun(process.execPath, ['bin/novella.mjs', 'explain', id], env)).toContain(
    fault.replace(/^.*?network: |;.*$/g, ''),
  );
  await cloud.remove(id);
  return fault;
}

test('a host without an agent is refused before the claim', async () => {
  cloud.openstack.agent('host-9', { physnet1: ['ens1f0'] });
  await cloud.startNovella({ hosts: { 'host-1': host } });
  for (const kind of ['direct', 'macvtap']) {
    expect(await refusedBeforeBinding(await cloud.port(red, kind))).toBe(
      'No valid host was found. host-1: network: no live NIC Switch agent serves physnet1 (there is none)',
    );
  }
  expect(await refusedBeforeBinding(await cloud.port(red, 'normal'))).toContain(
    'no live Open vSwitch agent serves physnet1 (there is none)',
  );
});

test('a whole PF is bound without an agent', async () => {
  const port = await cloud.port(red, 'direct-physical');
  const { id, status } = await cloud.boot('whole', [{ port }]);
  expect(status).toBe('ACTIVE');
  expect(await cloud.shown(port)).toMatchObject({ 'binding:vif_type': 'hostdev_physical' });
  await cloud.remove(id);
  expect(await cloud.shown(port)).toMatchObject(unbound);
});

test('an agent that serves another network, and one that is dead, are named', async () => {
  cloud.openstack.agent('host-1', { physnet2: ['enp1s0'] });
  cloud.openstack.agent('host-2', { physnet1: ['enp1s0'] });
  cloud.openstack.silenceAgents('host-2');
  await cloud.startNovella({ hosts: { 'host-1': host, 'host-2': host } });
  expect(await refusedBeforeBinding(await cloud.port(red, 'direct'))).toMatch(
    /host-1: network: no live NIC Switch agent serves physnet1 \(it has physnet2\); host-2: network: no live NIC Switch agent serves physnet1 \(it is dead, last heartbeat \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)$/,
  );
});

test('of two hosts the one with a live agent is chosen; that the agent is disabled does not count for Neutron', async () => {
  cloud.openstack.agent('host-1', { physnet2: ['enp1s0'] });
  cloud.openstack.agent('host-2', { physnet1: ['enp1s0'] });
  const { agents } = (await cloud.neutron('admin', 'GET', '/agents?host=host-2')).body;
  for (const { id } of agents) {
    const agent = { admin_state_up: false };
    const { status } = await cloud.neutron('admin', 'PUT', `/agents/${id}`, { agent });
    expect(status).toBe(200);
  }
  await cloud.startNovella({ hosts: { 'host-1': host, 'host-2': host } });
  const port = await cloud.port(red, 'direct');
  const { id, status } = await cloud.boot('lucky', [{ port }]);
  expect(status).toBe('ACTIVE');
  expect(await cloud.shown(port)).toMatchObject({
    device_id: id,
    'binding:host_id': 'host-2',
    'binding:vif_type': 'hw_veb',
  });
  await cloud.remove(id);
});

test('agents that die after they were listed: one host is tried, and reports what it needs; the next is refused', async () => {
  cloud.openstack.agent('host-1', { physnet1: ['enp1s0'] });
  cloud.openstack.agent('host-2', { physnet1: ['enp1s0'] });
  await cloud.startNovella({ hosts: { 'host-1': host, 'host-2': host } });
  cloud.openstack.silenceAgents('host-1');
  cloud.openstack.silenceAgents('host-2');
  const ports = [await cloud.port(red, 'direct'), await cloud.port(red, 'normal')];
  const nics = ports.map((port) => ({ port }));
  let id = '';
  const { calls } = await callsDuring(cloud, async () => {
    ({ id } = await cloud.boot('late', nics));
  });
  const fault = await faultOf(id);
  expect(fault).toContain(
    `host-1: excluded: port ${ports[0]} could not be bound on host host-1: no agent or mechanism driver of the network ` +
      'service on that host serves vnic type direct on physical network physnet1 (vif_type "binding_failed"); ' +
      'that takes a live NIC Switch agent that serves physnet1; agents on that host: NIC Switch agent (it is dead, ' +
      'last heartbeat 2026-01-02 03:04:05 UTC), Open vSwitch agent (it is dead, ',
  );
  expect(fault).toContain('host-2: network: no live NIC Switch agent serves physnet1 (it is dead');
  // Both ports, bound and unbound once.
  expect(calls.filter((call) => call.includes('PUT'))).toHaveLength(4);
  for (const port of ports) expect(await cloud.shown(port)).toMatchObject(unbound);
  await cloud.remove(id);
});

test('a port that no agent on its host could bind is not attached', async () => {
  cloud.openstack.agent('host-1', { physnet2: ['enp1s0'] });
  await cloud.startNovella({ hosts: { 'host-1': host } });
  const server = await cloud.boot('grows', []);
  const port = await cloud.port(red, 'direct');
  const path = `/servers/${server.id}/os-interface`;
  const { calls } = await callsDuring(cloud, async () => {
    const interfaceAttachment = { port_id: port };
    const { status, body } = await cloud.compute('admin', 'POST', path, { interfaceAttachment });
    expect([status, body.badRequest.message]).toEqual([
      400,
      `Failed to bind a port for instance ${server.id} on host host-1: no live NIC Switch agent serves physnet1 (it has physnet2)`,
    ]);
  });
  expect(calls.filter((call) => call.includes('PUT'))).toEqual([]);
  expect(await cloud.shown(port)).toMatchObject(unbound);
  await cloud.remove(server.id);
});

test('of two ports one cannot be bound: the other is unbound', async () => {
  cloud.openstack.agent('host-1', { physnet1: ['enp1s0'] });
  await cloud.startNovella({ hosts: { 'host-1': host } });
  cloud.openstack.silenceAgents('host-1', 'Open vSwitch agent');
  const ports = [await cloud.port(red, 'direct'), await cloud.port(red, 'normal')];
  const nics = [...ports.map((port) => ({ port })), { uuid: red }];
  const { id } = await cloud.boot('half', nics);
  expect(await faultOf(id)).toMatch(
    new RegExp(`port ${ports[1]} could not be bound on host host-1: .* vnic type normal`),
  );
  for (const port of ports) expect(await cloud.shown(port)).toMatchObject(unbound);
  const left = await cloud.neutron('admin', 'GET', `/ports?device_id=${id}`);
  expect(left.body.ports).toEqual([]);
  await cloud.remove(id);
});

test('a network without a physical network: refused at once, or by the agents where a host has devices for it', async () => {
  const tunnel = await cloud.network('tunnel', '10.2.0.0/24', vxlan(50));
  cloud.openstack.agent('host-1', { physnet1: ['enp1s0'] });
  const port = await cloud.port(tunnel, 'direct');
  await cloud.startNovella({ hosts: { 'host-1': host } });
  const { status, body } = await cloud.create('tunnelled', [{ port }]);
  expect([status, body.badRequest.message]).toEqual([
    400,
    expect.stringContaining(`its network ${tunnel} has no provider:physical_network`),
  ]);
  await cloud.startNovella({ hosts: { 'host-1': { ...host, enp2s0: null } } });
  expect(await refusedBeforeBinding(port)).toBe(
    'No valid host was found. host-1: network: no live NIC Switch agent serves vxlan networks (it has physnet1)',
  );
  expect(await refusedBeforeBinding(await cloud.port(tunnel, 'normal'))).toBe(
    'No valid host was found. host-1: network: no live Open vSwitch agent serves vxlan networks (it has physnet1)',
  );
});

test('of several segments the first with a physical network is bound; without any the network is refused', async () => {
  cloud.openstack.agent('host-1', { physnet1: ['enp1s0'] });
  const mixed = await cloud.network('mixed', '10.3.0.0/24', vxlan(51), vlan(301), vlan(302));
  const port = await cloud.port(mixed, 'direct');
  const { id, status } = await cloud.boot('mixed', [{ port }]);
  expect(status).toBe('ACTIVE');
  expect(await cloud.shown(port)).toMatchObject({
    device_id: id,
    'binding:host_id': 'host-1',
    'binding:profile': { physical_network: 'physnet1' },
    'binding:vif_details': { vlan: '301' },
  });
  await cloud.remove(id);
  expect(await cloud.shown(port)).toMatchObject(unbound);
  const tunnels = await cloud.network('tunnels', '10.4.0.0/24', vxlan(52), vxlan(53));
  const lost = await cloud.port(tunnels, 'direct');
  const { body } = await cloud.create('lost', [{ port: lost }]);
  expect(body.badRequest.message).toContain(
    `network ${tunnels}: none of its 2 segments has a provider:physical_network`,
  );
});

test('without the role service the error names the user, the role and the remedy; that is enough', async () => {
  const { openstack } = cloud;
  openstack.agent('host-1', { physnet1: ['enp1s0'] });
  await cloud.startNovella({ hosts: { 'host-1': host }, as: openstack.people.admin });
  const port = await cloud.port(red, 'direct');
  const role =
    'the role `service` of user admin on project admin, to write binding:profile and to act for users ' +
    '(openstack role add --project admin --user admin service)';
  const refused = await cloud.create('roleless', [{ port }]);
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([
    503,
    expect.stringContaining(`the service token sent with it: the service token needs ${role}`),
  ]);
  await tolerateTokensBeside();
  const { id } = await cloud.boot('roleless', [{ port }]);
  expect(await faultOf(id)).toContain(
    `the network service at ${openstack.urls.neutron} refuses PUT /v2.0/ports/${port}: it needs ${role}; its message: `,
  );
  expect(await cloud.shown(port)).toMatchObject(unbound);
  await cloud.remove(id);
  await openstack.command('admin', ...'role add --project admin --user admin service'.split(' '));
  const { status, fault } = await cloud.boot('roleful', [{ port }]);
  expect([status, fault]).toEqual(['ACTIVE', undefined]);
  expect(await cloud.shown(port)).toMatchObject({ 'binding:vif_type': 'hw_veb' });
});

test('without the role admin the error names the user, the role and the remedy; that is enough', async () => {
  const { openstack } = cloud;
  const expected = (text: string) => openstack.command('admin', ...text.split(' '));
  await expected('user create --project service --password openstack half');
  await expected('role add --project service --user half service');
  const half = { user: 'half', password: 'openstack', project: 'service' };
  await cloud.startNovella({ hosts: { 'host-1': host }, as: half });
  const port = await cloud.port(red, 'direct');
  const refused = await cloud.create('halfway', [{ port }]);
  expect([refused.status, refused.body.forbidden?.message]).toEqual([
    403,
    `the network service at ${openstack.urls.neutron} does not show the physical network of network ${red}: it needs the role ` +
      '`admin` of user half on project service, to see ports, physical networks, agents and images of all projects ' +
      '(openstack role add --project service --user half admin)',
  ]);
  expect(await cloud.shown(port)).toMatchObject(unbound);
  await expected('role add --project service --user half admin');
  const { id, status } = await cloud.boot('whole', [{ port }]);
  expect(status).toBe('ACTIVE');
  await cloud.remove(id);
});

/** A Neutron that accepts a user's token whatever is beside it, as some are configured. */
async function tolerateTokensBeside(): Promise<void> {
  const { openstack } = cloud;
  const file = join(openstack.folder, 'neutron.conf');
  const required = 'service_token_roles_required = true';
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(required, required.replace('true', 'false')),
  );
  await openstack.kill('neutron');
  await openstack.start('neutron');
}

/** Alice requests a NIC by network; her error message. No server and no port stays. */
async function refusedAtOnce(nic: object): Promise<[number, string]> {
  const made = async () =>
    (await cloud.neutron('admin', 'GET', `/ports?network_id=${red}&device_owner=`)).body.ports
      .length;
  const before = await made();
  const { status, body } = await cloud.create('refused', [nic]);
  const left = async () => (await cloud.compute('alice', 'GET', '/servers')).body.servers;
  await expect.poll(left, { timeout: 10_000 }).toEqual([]);
  expect(await made()).toBe(before);
  const [fault] = Object.values<{ message: string }>(body);
  return [status, fault?.message ?? ''];
}

test('a NIC by network is created with the rights of its user: Neutron’s policy and quota refuse at once', async () => {
  cloud.openstack.agent('host-1', { physnet1: ['enp1s0'] });
  await cloud.startNovella({ hosts: { 'host-1': host } });
  const where = `networks\\[0\\]\\.uuid: no port can be made on network ${red}`;
  expect(await refusedAtOnce({ uuid: red, fixed_ip: '10.1.0.77' })).toEqual([
    403,
    expect.stringMatching(
      `^${where} with the address 10.1.0.77: .*fixed_ips.* disallowed by policy$`,
    ),
  ]);
  const project = await cloud.openstack.json('admin', 'project', 'show', 'red');
  const { body } = await cloud.neutron('admin', 'GET', `/ports?project_id=${project.id}`);
  const quota = (port: number) =>
    cloud.neutron('admin', 'PUT', `/quotas/${project.id}`, { quota: { port } });
  expect((await quota(body.ports.length)).status).toBe(200);
  expect(await refusedAtOnce({ uuid: red })).toEqual([
    403,
    expect.stringMatching(`^${where}: Quota exceeded for resources: \\['port'\\]`),
  ]);
  await quota(-1);
});

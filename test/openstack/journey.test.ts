/**
 * Novella in Nova's place: the stock client boots and deletes servers on real Keystone, Neutron and
 * Glance; Neutron's view after every step.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#test/processes/command.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';

const state = temporaryDirectory();
let openstack: OpenStack;
let novella: NovellaProcess;

beforeAll(async () => {
  openstack = await startOpenStack();
  // Of its two PFs one has an agent that serves it.
  openstack.agent('host-1', { physnet1: ['enp1s0'] });
  const { user, password, project } = openstack.people.service;
  const config = {
    openstack: {
      auth_url: openstack.urls.keystone,
      username: user,
      password,
      project_name: project,
      // Its agents are rows, which wire nothing; those that do are in plug-events.test.ts.
      plug_timeout: 0,
    },
    simulated: {
      hosts: [
        {
          name: 'host-1',
          device_spec: [
            { devname: 'enp1s0', physical_network: 'physnet1' },
            { devname: 'enp2s0', physical_network: 'physnet2' },
          ],
        },
      ],
    },
  };
  const file = join(state.path, 'novella.yaml');
  writeFileSync(file, JSON.stringify(config));
  novella = await startNovella(join(state.path, 'controller'), ['--config', file]);
  await register();
  for (const [physnet, vlan] of [
    ['physnet1', '201'],
    ['physnet2', '202'],
  ] as const) {
    const provider = ['--provider-network-type', 'vlan', '--provider-physical-network', physnet];
    const segment = [...provider, '--provider-segment', vlan];
    await openstack.json('admin', 'network', 'create', '--share', ...segment, physnet);
    const range = ['--network', physnet, '--subnet-range', `10.${vlan}.0.0/24`];
    await openstack.json('admin', 'subnet', 'create', ...range, physnet);
  }
  await openstack.json('admin', 'flavor', 'create', '--ram', '64', '--disk', '0', 'tiny');
  writeFileSync(join(openstack.folder, 'tiny.raw'), Buffer.alloc(4_096));
  const form = ['--disk-format', 'raw', '--container-format', 'bare', '--file', 'tiny.raw'];
  await openstack.json('admin', 'image', 'create', '--public', ...form, 'tiny');
});

afterAll(async () => {
  await novella?.stop();
  await openstack?.stop();
  state.remove();
});

/** As an administrator of the cloud does it. */
async function register(): Promise<void> {
  const url = novella.urls.compute;
  const command = ['bin/novella.mjs', 'keystone', 'register', '--url', url];
  const env = { OS_CLIENT_CONFIG_FILE: openstack.cloudsYaml, OS_CLOUD: 'admin' };
  const { code, stdout, stderr } = await run(process.execPath, command, env);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('add');
}

/** A port of alice's; its id. */
async function port(network: string, vnicType: string): Promise<string> {
  const options = ['--network', network, '--vnic-type', vnicType];
  return (await openstack.json('alice', 'port', 'create', ...options, 'p')).id;
}

function boot(name: string, ports: string[]): Promise<{ id: string; status: string }> {
  const nics = ports.flatMap((id) => ['--port', id]);
  const what = ['--flavor', 'tiny', '--image', 'tiny', ...nics];
  return openstack.json('alice', 'server', 'create', ...what, '--wait', name);
}

/** As Neutron shows it to an administrator. */
// oxlint-disable-next-line typescript/no-explicit-any -- what the client prints
const shown = (id: string): Promise<any> => openstack.json('admin', 'port', 'show', id);

const unbound = {
  binding_host_id: '',
  binding_vif_type: 'unbound',
  binding_profile: {},
  device_id: '',
  device_owner: '',
};

test('a server with a direct, a macvtap and a normal port boots and is deleted; its ports are bound, and remain unbound', async () => {
  const kinds = ['direct', 'macvtap', 'normal'];
  const ports: string[] = [];
  for (const kind of kinds) ports.push(await port('physnet1', kind));
  const server = await boot('all-kinds', ports);
  expect(server.status).toBe('ACTIVE');
  const bound = await Promise.all(ports.map(shown));
  for (const each of bound) {
    expect(each).toMatchObject({ binding_host_id: 'host-1', device_id: server.id });
  }
  expect(bound.map((each) => each.binding_vif_type)).toEqual(['hw_veb', 'hw_veb', 'ovs']);
  for (const each of bound.slice(0, 2)) {
    expect(each.binding_profile).toMatchObject({
      physical_network: 'physnet1',
      pci_slot: expect.stringMatching(/^0000:01:/),
    });
    expect(each.binding_vif_details).toMatchObject({ vlan: '201' });
  }
  await openstack.command('alice', 'server', 'stop', 'all-kinds');
  await openstack.command('alice', 'server', 'delete', '--wait', 'all-kinds');
  for (const id of ports) expect(await shown(id)).toMatchObject(unbound);
});

test('a port is attached to a running server, and detached', async () => {
  const first = await port('physnet1', 'direct');
  const late = await port('physnet1', 'direct');
  const { id } = await boot('grows', [first]);
  await openstack.command('alice', 'server', 'add', 'port', 'grows', late);
  await expect
    .poll(() => shown(late), { timeout: 60_000 })
    .toMatchObject({ device_id: id, binding_vif_type: 'hw_veb', binding_host_id: 'host-1' });
  await openstack.command('alice', 'server', 'remove', 'port', 'grows', late);
  await expect.poll(() => shown(late), { timeout: 60_000 }).toMatchObject(unbound);
  await openstack.command('alice', 'server', 'delete', '--wait', 'grows');
});

test('where no agent serves the network the server’s fault reports it, and the port is unbound', async () => {
  const id = await port('physnet2', 'direct');
  await expect(boot('nobody-there', [id])).rejects.toThrow(/nobody-there/);
  const server = await openstack.json('alice', 'server', 'show', 'nobody-there');
  expect(server.status).toBe('ERROR');
  expect(server.fault.message).not.toContain('host-1');
  const forAdmin = await openstack.json('admin', 'server', 'show', server.id);
  expect(JSON.stringify(forAdmin.fault)).toContain(
    'host-1: network: no live NIC Switch agent serves physnet2',
  );
  expect(await shown(id)).toMatchObject(unbound);
});

test('a port of another project is refused like one that does not exist', async () => {
  const options = ['--network', 'physnet1', '--vnic-type', 'direct'];
  const { id } = await openstack.json('bob', 'port', 'create', ...options, 'not-yours');
  await expect(boot('thief', [id])).rejects.toThrow(`No Port found for ${id}`);
});

test('a Neutron that is killed while a server is deleted is waited for', async () => {
  const id = await port('physnet1', 'direct');
  await boot('patient', [id]);
  await openstack.kill('neutron');
  await openstack.command('alice', 'server', 'delete', 'patient');
  await openstack.start('neutron');
  await expect.poll(() => shown(id), { timeout: 60_000 }).toMatchObject(unbound);
});

test('a Neutron that is killed while a server boots: the boot ends, and nothing is left bound', async () => {
  const id = await port('physnet1', 'direct');
  const what = ['--flavor', 'tiny', '--image', 'tiny', '--port', id];
  await openstack.json('alice', 'server', 'create', ...what, 'interrupted');
  await openstack.kill('neutron');
  await openstack.start('neutron');
  const server = () => openstack.json('alice', 'server', 'show', 'interrupted');
  await expect
    .poll(async () => (await server()).status, { timeout: 120_000 })
    .toMatch(/ACTIVE|ERROR/);
  const { status } = await server();
  expect(await shown(id)).toMatchObject(
    status === 'ACTIVE' ? { binding_vif_type: 'hw_veb' } : unbound,
  );
  await openstack.command('alice', 'server', 'delete', '--wait', 'interrupted');
  expect(await shown(id)).toMatchObject(unbound);
});

test('a Keystone that is down is named; once it is back, the same token is valid', async () => {
  const headers = { 'x-auth-token': await openstack.token('alice') };
  const servers = () => fetch(`${novella.urls.compute}/servers`, { headers });
  await openstack.kill('keystone');
  const refused = await servers();
  expect([refused.status, await refused.text()]).toEqual([
    503,
    expect.stringContaining(`identity service at ${openstack.urls.keystone}`),
  ]);
  await openstack.start('keystone');
  expect((await servers()).status).toBe(200);
});

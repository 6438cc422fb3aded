/**
 * Neutron's own notifier and its own RPC: a server waits for the agent of its host, and follows
 * changes of its ports in Neutron.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#test/processes/command.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { startBroker } from './environment/broker.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';
import { runFolder } from './environment/run-folder.ts';
import type { WiringAgent } from './environment/wiring-agent.ts';

const plugTimeoutSeconds = 15;
const waitOptions = { timeout: 60_000, interval: 100 };
const state = temporaryDirectory();
let openstack: OpenStack;
let agent: WiringAgent;
let novella: NovellaProcess;
let token: string;
let network: { id: string };

beforeAll(async () => {
  openstack = await startOpenStack({ agents: true });
  console.log(JSON.stringify(openstack.timings));
  agent = await openstack.wiringAgent('host-1', { physnet1: ['enp1s0'] });
  const { user, password, project } = openstack.people.service;
  const file = join(state.path, 'novella.yaml');
  const config = {
    openstack: {
      auth_url: openstack.urls.keystone,
      username: user,
      password,
      project_name: project,
      plug_timeout: plugTimeoutSeconds,
    },
    simulated: {
      hosts: [
        { name: 'host-1', device_spec: [{ devname: 'enp1s0', physical_network: 'physnet1' }] },
      ],
    },
  };
  writeFileSync(file, JSON.stringify(config));
  novella = await startNovella(join(state.path, 'controller'), ['--config', file]);
  const env = { OS_CLIENT_CONFIG_FILE: openstack.cloudsYaml, OS_CLOUD: 'admin' };
  const command = ['bin/novella.mjs', 'keystone', 'register', '--url', novella.urls.compute];
  expect(await run(process.execPath, command, env)).toMatchObject({ code: 0 });
  token = await openstack.token('admin');
  network = (
    await send('neutron', 'POST', '/v2.0/networks', {
      network: {
        name: 'red',
        'provider:network_type': 'vlan',
        'provider:physical_network': 'physnet1',
        'provider:segmentation_id': 201,
      },
    })
  ).network;
  await send('neutron', 'POST', '/v2.0/subnets', {
    subnet: { network_id: network.id, ip_version: 4, cidr: '10.201.0.0/24' },
  });
  const image = { name: 'tiny', disk_format: 'raw', container_format: 'bare' };
  const { id } = await send('glance', 'POST', '/v2/images', image);
  await fetch(`${openstack.urls.glance}/v2/images/${id}/file`, {
    method: 'PUT',
    headers: { 'x-auth-token': token, 'content-type': 'application/octet-stream' },
    body: new Uint8Array(4_096),
  });
  imageRef = id;
  const { flavors } = await send('compute', 'GET', '/flavors');
  flavorRef = flavors[0].id;
});

afterAll(async () => {
  await novella?.stop();
  await openstack?.stop();
  state.remove();
});

let imageRef: string;
let flavorRef: string;

/** As an administrator. */
async function send(
  service: 'neutron' | 'glance' | 'compute',
  method: string,
  path: string,
  body?: object,
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the service answers
): Promise<any> {
  const base = service === 'compute' ? novella.urls.compute : openstack.urls[service];
  const response = await fetch(base + path, {
    method,
    headers: { 'x-auth-token': token, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function port(vnicType: string): Promise<string> {
  const requested = { network_id: network.id, 'binding:vnic_type': vnicType };
  return (await send('neutron', 'POST', '/v2.0/ports', { port: requested })).port.id;
}

const showPort = async (id: string) => (await send('neutron', 'GET', `/v2.0/ports/${id}`)).port;

async function boot(ports: string[]): Promise<string> {
  const networks = ports.map((id) => ({ port: id }));
  const server = { name: 's', imageRef, flavorRef, networks };
  return (await send('compute', 'POST', '/servers', { server })).server.id;
}

const showServer = async (id: string) => (await send('compute', 'GET', `/servers/${id}`)).server;

async function becomes(id: string, status: string): Promise<void> {
  await expect.poll(async () => (await showServer(id)).status, waitOptions).toBe(status);
}

/** The guest is being started, or runs already: only the ports are missing then. */
async function waits(id: string): Promise<void> {
  const taskState = async () => (await showServer(id))['OS-EXT-STS:task_state'];
  await expect.poll(taskState, waitOptions).toBe('spawning');
}

async function remove(id: string): Promise<void> {
  await send('compute', 'DELETE', `/servers/${id}`);
  const status = async () =>
    (await fetch(`${novella.urls.compute}/servers/${id}`, { headers: { 'x-auth-token': token } }))
      .status;
  await expect.poll(status, waitOptions).toBe(404);
}

/** Lines of Neutron's log about its own calls that contain this. */
const logged = (...expected: string[]) =>
  openstack
    .logs('neutron')
    .split('\n')
    .filter((line) => expected.every((word) => line.includes(word)));

const unbound = { device_id: '', 'binding:host_id': '', 'binding:vif_type': 'unbound' };

test('a server is BUILD until the agent has wired its ports, and ACTIVE through the agent’s event', async () => {
  const ports = [await port('direct'), await port('macvtap'), await port('normal')];
  agent.rest();
  const id = await boot(ports);
  await waits(id);
  for (const each of ports) expect((await showPort(each)).status).toBe('DOWN');
  agent.work();
  await becomes(id, 'ACTIVE');
  for (const each of ports) {
    expect((await showPort(each)).status).toBe('ACTIVE');
    expect(logged('Nova event', 'network-vif-plugged', each, "'code': 200")).not.toEqual([]);
  }
  await remove(id);
  for (const each of ports) expect(await showPort(each)).toMatchObject(unbound);
});

test('one direct port costs four calls of ports', async () => {
  const id = await port('direct');
  const server = await boot([id]);
  // The list sends Neutron no request; a server's own view reads its ports' security groups.
  const active = async () =>
    (await send('compute', 'GET', '/servers?status=ACTIVE')).servers.map(
      ({ id: each }: { id: string }) => each,
    );
  await expect.poll(active, waitOptions).toContain(server);
  await expect
    .poll(() => logged('Nova event', 'network-vif-plugged', id), waitOptions)
    .toHaveLength(1);
  const calls = [...logged('/v2.0/ports', id, 'HTTP/1.1"'), ...logged(`device_id=${server}`)];
  expect(calls.map((line) => /"(GET|PUT)/.exec(line)?.[1])).toEqual(['GET', 'GET', 'PUT', 'GET']);
  await remove(server);
});

test('an agent that wires nothing: the boot fails with the reason, and everything is undone', async () => {
  const id = await port('direct');
  agent.rest();
  const server = await boot([id]);
  await becomes(server, 'ERROR');
  agent.work();
  expect((await showServer(server)).fault.message).toMatch(
    new RegExp(`port ${id} .* is still DOWN on host host-1 after ${plugTimeoutSeconds} s: .*agent`),
  );
  expect(await showPort(id)).toMatchObject(unbound);
  await remove(server);
});

test('a fixed IP that changes in Neutron is shown by the server; a port deleted there is detached', async () => {
  const [kept, doomed] = [await port('direct'), await port('macvtap')];
  const id = await boot([kept, doomed]);
  await becomes(id, 'ACTIVE');
  const [{ subnet_id: subnet }] = (await showPort(kept)).fixed_ips;
  const address = '10.201.0.222';
  await send('neutron', 'PUT', `/v2.0/ports/${kept}`, {
    port: { fixed_ips: [{ subnet_id: subnet, ip_address: address }] },
  });
  const addresses = async () =>
    ((await showServer(id)).addresses.red ?? []).map(({ addr }: { addr: string }) => addr);
  await expect.poll(addresses, waitOptions).toContain(address);
  await send('neutron', 'DELETE', `/v2.0/ports/${doomed}`);
  await expect.poll(addresses, waitOptions).toEqual([address]);
  const { instanceActions } = await send('compute', 'GET', `/servers/${id}/os-instance-actions`);
  expect(instanceActions[0]).toMatchObject({ action: 'detach_interface', user_id: 'novella' });
  await remove(id);
  expect(await showPort(kept)).toMatchObject(unbound);
});

test('a stopped broker leaves no process and no listener', async () => {
  const folder = runFolder();
  const broker = await startBroker(folder);
  const refused = () => Promise.all(broker.ports.map((at) => isRefused(at)));
  expect(await refused()).toEqual([false, false, false]);
  await broker.kill();
  expect(await refused()).toEqual([true, true, true]);
  rmSync(folder, { recursive: true });
});

function isRefused(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at, '127.0.0.1');
    socket.once('error', () => resolve(true));
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

/**
 * Ports that others wire, change or delete: a Novella on a network service that reports it by
 * events, as Neutron does.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cloud } from '#test/worlds/cloud.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { type UnwiredNetwork, unwiredNetwork } from '#test/hosts/unwired-network.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';

let state: ReturnType<typeof temporaryDirectory>;
/** Identity, network and images. */
let services: AllInOne;
let network: UnwiredNetwork;
/** Compute alone. */
let novella: Pick<AllInOne, 'urls' | 'stop'> | undefined;
let cloud: Cloud;
let red: string;

beforeEach(async () => {
  state = temporaryDirectory();
  const config = { ...readConfig(), stateDir: join(state.path, 'services'), ports: freePorts };
  services = await startAllInOne(config, silentLog);
  network = await unwiredNetwork(services.urls.network);
  red = await (await Cloud.at(services)).network('red');
});

afterEach(async () => {
  await novella?.stop();
  novella = undefined;
  await network.stop();
  await services.stop();
  state.remove();
});

async function start(plugTimeoutSeconds = 60): Promise<void> {
  const config = readConfig(writtenConfig(plugTimeoutSeconds));
  const stateDir = join(state.path, 'novella');
  await useNovella(await startAllInOne({ ...config, stateDir, ports: freePorts }, silentLog));
}

/** In a process of its own, (again) on the same state. */
async function startProcess(plugTimeoutSeconds: number): Promise<NovellaProcess> {
  const file = writtenConfig(plugTimeoutSeconds);
  const started = await startNovella(join(state.path, 'novella'), ['--config', file]);
  await useNovella(started);
  return started;
}

function writtenConfig(plugTimeoutSeconds: number): string {
  const config = {
    openstack: {
      auth_url: services.urls.identity,
      username: 'admin',
      password_file: join(dirname(services.cloudsYaml), 'admin-password'),
      project_name: 'admin',
      network_url: network.url,
      plug_timeout: plugTimeoutSeconds,
    },
  };
  const file = join(state.path, 'novella.yaml');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function useNovella(started: Pick<AllInOne, 'urls' | 'stop'>): Promise<void> {
  novella = started;
  const { identity, image } = services.urls;
  const urls = { identity, image, network: services.urls.network, compute: novella.urls.compute };
  cloud = await Cloud.at({ urls, cloudsYaml: services.cloudsYaml });
}

/** The events of the network service, and the codes that they are answered with. */
async function notify(name: string, server: string, ...ports: string[]): Promise<number[]> {
  const events = ports.map((tag) => ({ name: `network-${name}`, server_uuid: server, tag }));
  const { body } = await cloud.send('compute', 'POST', '/os-server-external-events', {
    body: { events },
  });
  return body.events.map(({ code }: { code: number }) => code);
}

/** Steps of the newest action, as `NAME RESULT`. */
async function steps(server: string): Promise<string[]> {
  const path = `/servers/${server}/os-instance-actions`;
  const [newest] = (await cloud.ok('compute', 'GET', path)).instanceActions;
  const { instanceAction } = await cloud.ok('compute', 'GET', `${path}/${newest.request_id}`);
  return instanceAction.events
    .map(({ event, result }: Record<string, string>) => `${event} ${result}`)
    .toReversed();
}

/** Its guest runs, and it waits for its ports. */
const waits = (server: string) =>
  cloud.until(async () => {
    const done = (await steps(server)).includes('plug_ports null');
    return { done, value: done };
  });

/**
 * Polled in the list, which sends the network service no request; a server's own view has its
 * security groups.
 */
const listed = (id: string, query: string) =>
  cloud.until(async () => {
    const { servers } = await cloud.ok('compute', 'GET', `/servers?uuid=${id}&${query}`);
    return { done: servers.length === 1, value: servers };
  });

const showServer = async (id: string) =>
  (await cloud.ok('compute', 'GET', `/servers/${id}`)).server;

/** Requests for ports alone. */
const portCalls = () => network.calls.filter((call) => call.includes('/ports'));

const untouched = { 'host-1': 4, 'host-2': 4 };
const unbound = { device_id: '', 'binding:host_id': '', 'binding:profile': {} };

/** An ACTIVE server with one wired direct port. */
async function aServer(): Promise<{ id: string; port: string }> {
  const port = await cloud.port(red, 'direct');
  network.wire(port);
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  return { id, port };
}

test('a server is BUILD until its ports are wired; a boot with one port costs four calls', async () => {
  await start();
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  await waits(id);
  // Sent for the binding itself: no reason to poll.
  expect(await notify('changed', id, port)).toEqual([200]);
  await listed(id, 'status=BUILD&task_state=spawning');
  network.wire(port);
  expect(await notify('vif-plugged', id, port)).toEqual([200]);
  await listed(id, 'status=ACTIVE');
  expect(portCalls()).toEqual([
    `GET /v2.0/ports/${port}`,
    'GET /v2.0/ports',
    `PUT /v2.0/ports/${port}`,
    'GET /v2.0/ports',
  ]);
  expect(await steps(id)).toEqual(expect.arrayContaining(['spawn Success', 'plug_ports Success']));
});

test('all ports are waited for, whatever their vnic type', async () => {
  await start();
  const ports = await Promise.all(
    ['direct', 'macvtap', 'normal'].map((kind) => cloud.port(red, kind)),
  );
  const id = await cloud.boot(ports.map((port) => ({ port })));
  await waits(id);
  const [first = '', ...others] = ports;
  network.wire(first);
  await notify('vif-plugged', id, first);
  await cloud.until(async () => {
    const reads = portCalls().filter((call) => call === 'GET /v2.0/ports').length;
    return { done: reads > 0, value: reads };
  });
  expect((await showServer(id)).status).toBe('BUILD');
  for (const port of others) network.wire(port);
  await notify('vif-plugged', id, ...others);
  await cloud.settled(id, 'ACTIVE');
});

test('ports that are never wired: every host is tried, the reason names port, host and agent, and everything is released', async () => {
  await start(1);
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  const { fault } = await cloud.settled(id, 'ERROR');
  for (const host of ['host-1', 'host-2']) {
    expect(fault.message).toMatch(
      new RegExp(
        `${host}: .*port ${port} \\(direct, .*\\) is still DOWN on host ${host} after 1 s`,
      ),
    );
    expect(fault.message).toContain(`openstack network agent list --host ${host}`);
  }
  expect(await cloud.freeVfs('physnet1')).toEqual(untouched);
  expect(await cloud.showPort(port)).toMatchObject(unbound);
});

test('a port whose wiring failed ends the wait at once', async () => {
  await start();
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  await waits(id);
  network.wire(port, 'ERROR');
  await notify('vif-plugged', id, port);
  const { fault } = await cloud.settled(id, 'ERROR');
  expect(fault.message).toContain('the network service shows it in status ERROR');
  expect(await cloud.freeVfs('physnet1')).toEqual(untouched);
});

test('with plug_timeout 0 no port is waited for', async () => {
  await start(0);
  const port = await cloud.port(red, 'direct');
  await cloud.settled(await cloud.boot([{ port }]), 'ACTIVE');
});

test('a whole PF needs no wiring, and is not waited for', async () => {
  await start();
  const port = await cloud.port(red, 'direct-physical');
  await cloud.settled(await cloud.boot([{ port }]), 'ACTIVE');
});

test('an event that comes while the port is still being bound is not missed', async () => {
  await start();
  const port = await cloud.port(red, 'direct');
  const binding = network.hold((call) => call.startsWith('PUT'));
  const id = await cloud.boot([{ port }]);
  await binding.held;
  await cloud.until(async () => {
    const bound = await cloud.showPort(port);
    return { done: bound.status === 'ACTIVE', value: bound.status };
  });
  network.wire(port);
  expect(await notify('vif-plugged', id, port)).toEqual([200]);
  binding.go();
  await cloud.settled(id, 'ACTIVE');
});

test('killed during the wait, and wired while it was down: the next start notices', async () => {
  const seconds = 4;
  const first = await startProcess(seconds);
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  await waits(id);
  await first.kill();
  network.wire(port);
  await startProcess(seconds);
  await cloud.settled(id, 'ACTIVE');
});

test('a network service that is down while a port is waited for does not end the boot', async () => {
  await start();
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  await waits(id);
  network.isDown = true;
  const request = network.hold((call) => call === 'GET /v2.0/ports');
  await notify('vif-plugged', id, port);
  await request.held;
  network.wire(port);
  network.isDown = false;
  await cloud.settled(id, 'ACTIVE');
});

test('a server can be deleted while its ports are waited for', async () => {
  await start();
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  await waits(id);
  await cloud.send('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  expect(await cloud.freeVfs('physnet1')).toEqual(untouched);
  expect(await cloud.showPort(port)).toMatchObject(unbound);
});

test('an attach ends when the port is wired; one that is never wired is undone', async () => {
  await start(2);
  const { id } = await aServer();
  const [late, never] = [await cloud.port(red, 'macvtap'), await cloud.port(red, 'direct')];
  const attach = (port: string) =>
    cloud.send('compute', 'POST', `/servers/${id}/os-interface`, {
      body: { interfaceAttachment: { port_id: port } },
    });
  const attaching = attach(late);
  await cloud.until(async () => {
    const names = await steps(id);
    return { done: names.includes('plug_ports null'), value: names };
  });
  network.wire(late);
  await notify('vif-plugged', id, late);
  expect((await attaching).status).toBe(200);
  const refused = await attach(never);
  expect(refused.status).toBe(503);
  expect(JSON.stringify(refused.body)).toContain(`port ${never} (direct`);
  await cloud.until(async () => {
    const port = await cloud.showPort(never);
    return { done: port.device_id === '', value: port };
  });
  const { interfaceAttachments } = await cloud.ok('compute', 'GET', `/servers/${id}/os-interface`);
  expect(interfaceAttachments).toHaveLength(2);
});

test('a port attached to a stopped server is not waited for, as nothing can wire it', async () => {
  await start();
  const { id } = await aServer();
  await cloud.send('compute', 'POST', `/servers/${id}/action`, { body: { 'os-stop': null } });
  await cloud.settled(id, 'SHUTOFF');
  const port = await cloud.port(red, 'direct');
  const { status } = await cloud.send('compute', 'POST', `/servers/${id}/os-interface`, {
    body: { interfaceAttachment: { port_id: port } },
  });
  expect(status).toBe(200);
});

test('changed addresses are shown, at the cost of one poll and no action of the server', async () => {
  await start();
  const { id, port } = await aServer();
  const [{ subnet_id: subnet }] = (await cloud.showPort(port)).fixed_ips;
  const fixed = { fixed_ips: [{ subnet_id: subnet, ip_address: '10.42.0.99' }] };
  await cloud.ok('network', 'PUT', `/ports/${port}`, { port: fixed });
  network.calls.length = 0;
  await notify('changed', id, port);
  await cloud.until(async () => {
    const { addresses } = await cloud.ok('compute', 'GET', `/servers/${id}/ips`);
    const [shown] = addresses.red;
    return { done: shown.addr === '10.42.0.99', value: addresses };
  });
  expect(portCalls()).toEqual(['GET /v2.0/ports']);
  const { instanceActions } = await cloud.ok(
    'compute',
    'GET',
    `/servers/${id}/os-instance-actions`,
  );
  expect(instanceActions.map(({ action }: { action: string }) => action)).toEqual(['create']);
});

for (const isOff of [false, true]) {
  test(`a port deleted under a server that is ${isOff ? 'off' : 'running'}: its NIC is removed and its VF is free`, async () => {
    await start();
    const { id, port } = await aServer();
    if (isOff) {
      await cloud.send('compute', 'POST', `/servers/${id}/action`, { body: { 'os-stop': null } });
      await cloud.settled(id, 'SHUTOFF');
    }
    expect(await cloud.freeVfs('physnet1')).not.toEqual(untouched);
    await cloud.ok('network', 'DELETE', `/ports/${port}`);
    network.calls.length = 0;
    await notify('vif-deleted', id, port);
    await cloud.until(async () => {
      const free = await cloud.freeVfs('physnet1');
      return { done: JSON.stringify(free) === JSON.stringify(untouched), value: free };
    });
    const { nics, domain_xml: xml } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
    expect([nics, xml.includes('<hostdev')]).toEqual([[], false]);
    const path = `/servers/${id}/os-instance-actions`;
    const [newest] = (await cloud.ok('compute', 'GET', path)).instanceActions;
    expect(newest).toMatchObject({ action: 'detach_interface', user_id: 'novella', message: null });
    // The port is requested twice: by its server, without success, and by its id.
    expect(portCalls().slice(0, 2)).toEqual(['GET /v2.0/ports', 'GET /v2.0/ports']);
    expect(portCalls().filter((call) => !call.startsWith('GET'))).toEqual([]);
  });
}

test('a port deleted while Novella is down: the next start detaches its NIC', async () => {
  await start();
  const { port } = await aServer();
  await novella?.stop();
  await cloud.ok('network', 'DELETE', `/ports/${port}`);
  await start();
  await cloud.until(async () => {
    const free = await cloud.freeVfs('physnet1');
    return { done: JSON.stringify(free) === JSON.stringify(untouched), value: free };
  });
});

test('a deletion event for a port that exists changes nothing', async () => {
  await start();
  const { id, port } = await aServer();
  network.calls.length = 0;
  await notify('vif-deleted', id, port);
  await notify('changed', id, port);
  await cloud.until(async () => ({ done: portCalls().length > 0, value: portCalls() }));
  await cloud.send('compute', 'POST', `/servers/${id}/action`, {
    body: { reboot: { type: 'HARD' } },
  });
  await cloud.settled(id, 'ACTIVE');
  expect(await cloud.showPort(port)).toMatchObject({ device_id: id });
  const { nics } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
  expect(nics).toHaveLength(1);
});

/**
 * Several controllers over one PostgreSQL, with agents over real sockets: each can do everything,
 * and another has the work of one that dies.
 */
import { afterEach, expect, inject, test } from 'vitest';
import { openConsole } from '#test/consoles/console-client.ts';
import { readUntil } from '#test/consoles/read-stream.ts';
import { guestsOfAgent } from '#test/processes/agent-process.ts';
import type { Cloud } from '#test/worlds/cloud.ts';
import { Cluster, textOf } from '#test/clusters/cluster.ts';

/** Processes start slowly on a busy machine. */
const timeoutMs = 240_000;

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
}, timeoutMs);

const hosts = ['hv1', 'hv2', 'hv3'];

/** Controllers with linked hosts; `clouds`: through each of them. */
async function aCluster(controllers: number) {
  cluster = await Cluster.start(inject('postgres'), { controllers, hosts });
  const running = cluster;
  const clouds = await Promise.all(running.controllers.map((one) => running.at(one)));
  const [first] = clouds;
  if (first === undefined) throw new Error('there is one controller');
  await first.network('red');
  await first.network('blue', 'physnet2', 43);
  for (const host of hosts) await running.startAgent(host, first);
  for (const cloud of clouds) await allUp(cloud);
  return { cluster: running, clouds, first };
}

async function allUp(cloud: Cloud): Promise<void> {
  await cloud.until(async () => {
    const listed = await cloud.ok('operator', 'GET', '/hosts');
    const up = listed.hosts.filter(
      (host: { state: string; devices_free: number }) =>
        host.state === 'up' && host.devices_free > 0,
    );
    return { done: up.length === hosts.length, value: listed.hosts };
  });
}

/** Ports with a VF, on both networks. */
async function portsOf(cloud: Cloud, count: number): Promise<string[]> {
  const { networks } = await cloud.ok('network', 'GET', '/networks');
  const ports: string[] = [];
  for (let at = 0; at < count; at += 1) {
    ports.push(await cloud.port(networks[at % networks.length].id, 'direct'));
  }
  return ports;
}

/** Boots this many servers with a VF each, in turn through the clouds and on both networks. */
async function bootMany(clouds: readonly Cloud[], count: number) {
  const [first] = clouds;
  if (first === undefined) throw new Error('there is a cloud');
  const ports = await portsOf(first, count);
  return ports.map((port, at) => (clouds[at % clouds.length] ?? first).boot([{ port }]));
}

/** All servers of the cloud are ACTIVE, each with one VF that no other has; how many they are. */
async function allActive(of: Cluster, cloud: Cloud): Promise<number> {
  const { servers } = await cloud.ok('compute', 'GET', '/servers');
  const ids: string[] = servers.map(({ id }: { id: string }) => id);
  for (const id of ids) await cloud.settled(id, 'ACTIVE');
  const held = await heldVfs(of);
  expect(held.map(({ server }) => textOf(server)).toSorted()).toEqual(ids.toSorted());
  expect(new Set(held.map(({ device }) => device)).size).toBe(ids.length);
  for (const host of hosts) {
    const placed = await of.rows(`select uuid from instances where host = '${host}'`);
    const ofHost = placed.map(({ uuid }) => textOf(uuid)).toSorted();
    expect(guestsOfAgent(of.folderOf(host), host).toSorted()).toEqual(ofHost);
  }
  return ids.length;
}

function heldVfs(of: Cluster): Promise<Record<string, unknown>[]> {
  return of.rows(
    `select instance_uuid as server, compute_node_id || address as device from pci_devices
     where instance_uuid is not null`,
  );
}

/** Boots through one controller, whose steps stop in the middle: it holds their tasks. */
async function withStepsInProgress(of: Cluster, at: number) {
  const controller = of.controllers[at];
  if (controller === undefined) throw new Error('no such controller');
  const cloud = await of.at(controller);
  const id = await of.idOf(controller);
  const ports = await portsOf(cloud, 6);
  const release = await of.holdPorts();
  try {
    await Promise.all(ports.map((port) => cloud.boot([{ port }])));
    const leased = () => of.rows(`select epoch from tasks where leased_by = '${id}'`);
    await expect.poll(async () => (await leased()).length, { timeout: 10_000 }).toBe(6);
    return { controller, id, leased, release };
  } catch (error) {
    await release();
    throw error;
  }
}

test(
  'each controller boots on hosts that are linked to any of them',
  async () => {
    const { cluster: running, clouds } = await aCluster(3);
    const links = await running.rows(
      'select controller_uuid, link from host_links where controller_uuid is not null',
    );
    expect(links).toHaveLength(hosts.length);
    const servers = await Promise.all(await bootMany(clouds, 12));
    for (const [at, id] of servers.entries()) {
      // Through another one than it was created by.
      await clouds[(at + 1) % clouds.length]?.settled(id, 'ACTIVE');
    }
    for (const cloud of clouds) expect(await allActive(running, cloud)).toBe(12);
    for (const cloud of clouds) await cloud.ok('compute', 'DELETE', `/servers/${servers.pop()}`);
    await expect.poll(async () => (await heldVfs(running)).length).toBe(servers.length);
    for (const { url } of running.controllers) {
      for (const path of ['/readyz', '/healthz']) {
        const answer = await fetch(new URL(path, url));
        expect([answer.status, await answer.text()]).toEqual([200, 'OK']);
      }
    }
  },
  timeoutMs,
);

/** The events of this controller until one matches; what was read. */
async function eventsUntil(
  cloud: Cloud,
  url: string,
  { since, until }: { since: number; until: RegExp },
): Promise<string> {
  const path = new URL(`/novella/v1/events?since=${since}`, url);
  const headers = { 'x-auth-token': cloud.session.token };
  const reply = await fetch(path, { headers, signal: AbortSignal.timeout(20_000) });
  let text = '';
  for await (const chunk of reply.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (until.test(text)) return text;
  }
  throw new Error(`the stream ended after ${text}`);
}

test(
  'the picture and the events of each controller follow what another one does',
  async () => {
    const { cluster: running, clouds, first } = await aCluster(2);
    const [, second] = clouds;
    const url = running.controllers[1]?.url ?? '';
    if (second === undefined) throw new Error('there are two');
    const fleetOf = (cloud: Cloud) => cloud.ok('operator', 'GET', '/fleet');
    const [here, there] = [await fleetOf(first), await fleetOf(second)];
    // A number of another controller is none of this one's.
    const reset = eventsUntil(second, url, { since: here.change, until: /event: \w+/ });
    expect(await reset).toContain('event: reset');
    const seen = eventsUntil(second, url, { since: there.change, until: /"vfs":"[^"]*h/ });
    const [booting] = await bootMany([first], 1);
    const server = await second.settled((await booting) ?? '', 'ACTIVE');
    expect(await seen).toContain(`"name":"${server['OS-EXT-SRV-ATTR:host']}"`);
    await expect
      .poll(async () => (await fleetOf(second)).hosts)
      .toEqual((await fleetOf(first)).hosts);
  },
  timeoutMs,
);

test(
  'consoles open through each controller, whichever the host is linked to',
  async () => {
    const { clouds, first } = await aCluster(2);
    const [booting] = await bootMany([first], 1);
    const { id } = await first.settled((await booting) ?? '', 'ACTIVE');
    for (const [at, cloud] of clouds.entries()) {
      const remote_console = { protocol: 'serial', type: 'serial' };
      const { body } = await cloud.send('compute', 'POST', `/servers/${id}/remote-consoles`, {
        body: { remote_console },
        headers: { 'openstack-api-version': 'compute 2.6' },
      });
      const { stream } = await openConsole(body.remote_console.url);
      stream.write(`by controller ${at}`);
      await readUntil(stream, `by controller ${at}`);
      stream.destroy();
    }
  },
  timeoutMs,
);

test(
  'another controller has the tasks of one that was killed within ten seconds, and completes them',
  async () => {
    const { cluster: running, clouds } = await aCluster(3);
    const { controller, leased, release } = await withStepsInProgress(running, 0);
    const killedAt = performance.now();
    await controller.kill();
    await release();
    await expect
      .poll(async () => (await leased()).length, { timeout: 20_000, interval: 100 })
      .toBe(0);
    expect(performance.now() - killedAt).toBeLessThan(10_000);
    const [, second, third] = clouds;
    for (const cloud of [second, third]) {
      if (cloud === undefined) throw new Error('there are three');
      expect(await allActive(running, cloud)).toBe(6);
      await allUp(cloud);
    }
    // It starts again, with the hosts that are linked to the others.
    const again = await running.at(await running.startController(controller.name));
    await allUp(again);
    await Promise.all(await bootMany([again], 2));
    await allActive(running, again);
  },
  timeoutMs,
);

test(
  'a controller that was paused for too long records nothing, and ends',
  async () => {
    const { cluster: running, clouds } = await aCluster(2);
    const { controller, id, leased, release } = await withStepsInProgress(running, 0);
    controller.signal('SIGSTOP');
    await release();
    await expect.poll(() => running.idOf(controller), { timeout: 20_000 }).not.toBe(id);
    // An agent finds within twenty seconds that its controller answers no ping.
    const linked = 'select 1 from host_links join controllers on uuid = controller_uuid';
    await expect
      .poll(async () => (await running.rows(linked)).length, { timeout: 60_000 })
      .toBe(hosts.length);
    const [, second] = clouds;
    if (second === undefined) throw new Error('there are two');
    expect(await allActive(running, second)).toBe(6);
    await allUp(second);
    const rows = () =>
      Promise.all([
        running.rows('select * from pci_devices order by id'),
        running.rows('select uuid, vm_state, task_state, host from instances order by id'),
        running.rows('select * from host_links order by compute_node_id'),
        running.rows('select uuid, host_ip, generation from compute_nodes order by uuid'),
      ]);
    const before = await rows();
    controller.signal('SIGCONT');
    expect(await controller.ended).toBe(1);
    expect(controller.entries.at(-1)?.msg).toMatch(/others? .*it paused for too long/);
    expect(await leased()).toEqual([]);
    expect(await rows()).toEqual(before);
  },
  timeoutMs,
);

test(
  'a controller that is stopped completes its steps, and the others have its hosts at once',
  async () => {
    const { cluster: running, clouds } = await aCluster(2);
    const [first, second] = clouds;
    if (first === undefined || second === undefined) throw new Error('there are two');
    const booting = await bootMany([first], 12);
    await Promise.any(booting);
    expect(await running.controllers[0]?.stop()).toBe(0);
    const names = await running.rows('select name from controllers');
    expect(names).toEqual([{ name: 'controller-2' }]);
    const answered = (await Promise.allSettled(booting)).filter(
      ({ status }) => status === 'fulfilled',
    );
    expect(await allActive(running, second)).toBeGreaterThanOrEqual(answered.length);
    await allUp(second);
  },
  timeoutMs,
);

/**
 * The process is killed at any moment; the next start finds servers, ports, claims, pools and
 * guests in agreement.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keptGuests } from '#test/processes/kept-guests.ts';
import { untilRecorded } from '#test/processes/recorded-events.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';

let state: ReturnType<typeof temporaryDirectory>;
let novella: NovellaProcess;

beforeEach(() => {
  state = temporaryDirectory();
});
afterEach(async () => {
  await novella?.stop();
  state.remove();
});

/** Starts (again) on the same state. */
async function start(): Promise<Cloud> {
  novella = await startNovella(state.path);
  return Cloud.at(novella);
}

test('servers, ports, claims and guests are the same after a restart', async () => {
  let cloud = await start();
  const red = await cloud.network('red');
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }, { uuid: red }]);
  await cloud.settled(id, 'ACTIVE');
  const before = await world(cloud);
  await novella.stop();
  cloud = await start();
  expect(await world(cloud)).toEqual(before);
  await cloud.send('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
});

/**
 * Kills spread over a burst: six boots record some twenty events, and two of them are deleted at
 * the same time.
 */
const killAtEvents = [0, 1, 3, 5, 8, 11, 14];

test.each(killAtEvents)('kill -9 at event %i of a burst of boots and deletes', async (events) => {
  let cloud = await start();
  const red = await cloud.network('red');
  const ports = await Promise.all(
    Array.from({ length: 6 }, (_, at) => cloud.port(red, at % 2 === 0 ? 'direct' : 'macvtap')),
  );
  const ids = await Promise.all(ports.map((port) => cloud.boot([{ port }, { uuid: red }])));
  const doomed = ids.slice(0, 2);
  await Promise.all(doomed.map((id) => cloud.send('compute', 'DELETE', `/servers/${id}`)));
  await untilRecorded(state.path, events);
  await novella.kill();

  cloud = await start();
  await Promise.all(doomed.map((id) => cloud.gone(id)));
  const kept = ids.slice(2);
  await Promise.all(kept.map((id) => cloud.settled(id, 'ACTIVE')));
  await expectAgreement(cloud, kept);

  await Promise.all(kept.map((id) => cloud.send('compute', 'DELETE', `/servers/${id}`)));
  await Promise.all(kept.map((id) => cloud.gone(id)));
  await expectAgreement(cloud, []);
  expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
});

/** Every record of who holds what, without values that change on their own. */
async function world(cloud: Cloud) {
  const { servers } = await cloud.ok('compute', 'GET', '/servers/detail');
  const { ports } = await cloud.ok('network', 'GET', '/ports');
  const found = await cloud.ok('operator', 'GET', '/pci/devices');
  // A VF inside a guest has no interface; when that is noticed depends on the host's last report.
  const devices = found.devices.map((device: object) => ({ ...device, ifname: undefined }));
  const pools = await cloud.ok('operator', 'GET', '/pci/pools');
  const { hypervisors } = await cloud.ok('compute', 'GET', '/os-hypervisors/detail');
  const all = { servers, ports, devices, pools, hypervisors, guests: guestsOnHosts() };
  // Links contain the port that this process happened to get.
  return JSON.parse(JSON.stringify(all).replaceAll(/127\.0\.0\.1:\d+/g, 'HERE')) as typeof all;
}

/** The guests that the simulated hosts keep. Example: `[{ host: 'host-1', id: '5f…' }]`. */
function guestsOnHosts(): { host: string; id: string }[] {
  const hosts = join(state.path, 'hosts');
  return readdirSync(hosts).flatMap((host) =>
    keptGuests(join(hosts, host, 'guests')).map(({ guest }) => ({ host, id: guest.id })),
  );
}

/** Servers, ports, devices, pools, usage and guests agree on exactly these servers. */
async function expectAgreement(cloud: Cloud, serverIds: string[]): Promise<void> {
  const { servers, ports, devices, pools, hypervisors, guests } = await world(cloud);
  expect(servers.map((server: { id: string }) => server.id).sort()).toEqual([...serverIds].sort());
  expect(guests.map(({ id }) => id).sort()).toEqual([...serverIds].sort());
  const held = devices.filter((device: { instance_uuid: string | null }) => device.instance_uuid);
  expect(held).toHaveLength(serverIds.length);
  for (const server of servers) {
    const host = server['OS-EXT-SRV-ATTR:host'];
    expect(guests).toContainEqual({ host, id: server.id });
    const mine = ports.filter((port: { device_id: string }) => port.device_id === server.id);
    expect(mine).toHaveLength(2);
    const bound = mine.find(
      (port: Record<string, string>) => port['binding:vnic_type'] !== 'normal',
    );
    expect(held).toContainEqual(
      expect.objectContaining({
        instance_uuid: server.id,
        host,
        status: 'allocated',
        address: bound['binding:profile'].pci_slot,
      }),
    );
  }
  const unbound = ports.filter((port: { device_id: string }) => port.device_id === '');
  expect(ports).toHaveLength(unbound.length + 2 * serverIds.length);
  const free = devices.filter(
    (device: { status: string; dev_type: string }) => device.status === 'available',
  );
  const counted = pools.pools.reduce((sum: number, pool: { count: number }) => sum + pool.count, 0);
  expect(counted).toBe(free.length);
  for (const figure of ['vcpus_used', 'running_vms']) {
    const sum = hypervisors.reduce(
      (sum: number, host: Record<string, number>) => sum + (host[figure] ?? 0),
      0,
    );
    expect([figure, sum]).toEqual([figure, serverIds.length]);
  }
}

import { expect, test } from 'vitest';
import { openStore } from '#integrations/database/store.ts';
import { FleetView } from './fleet-view.ts';
import { HostLinks } from './host-links.ts';

const hostTimeoutMs = 60_000;
const settings = { allocationRatios: { vcpus: 4, memory: 1, disk: 1 } };

/** A store with these hosts, and a view whose reads of whole rows are counted. */
async function aFleet(names: string[]) {
  const time = { now: 1_000_000 };
  const { store } = await openStore(':memory:', { clock: { now: () => time.now } });
  for (const name of names) {
    await store.hosts.register({ name, availabilityZone: 'nova', hostIp: '192.0.2.1', facts });
  }
  const reads: string[] = [];
  const view = new FleetView();
  const clock = { now: () => time.now };
  const links = new HostLinks({ clock, monotonic: clock, hostTimeoutMs });
  const refresh = async () => {
    reads.length = 0;
    const hosts = {
      versions: () => store.hosts.versions(),
      get: (id: string) => {
        reads.push(id);
        return store.hosts.get(id);
      },
    };
    await view.refresh(hosts, settings, links);
    return reads.length;
  };
  const idOf = async (name: string) =>
    (await store.hosts.list()).find((host) => host.name === name)?.id ?? '';
  return { store, view, time, refresh, idOf };
}

const facts = {
  type: 'QEMU',
  version: 1,
  vcpus: 8,
  memoryMib: 1024,
  diskGib: 10,
  cpuModel: 'm',
  architecture: 'x86_64',
};

test('a row is read again only when it changed', async () => {
  const { store, view, refresh, idOf } = await aFleet(['a', 'b', 'c']);
  expect(await refresh()).toBe(3);
  expect(await refresh()).toBe(0);
  const hostId = await idOf('b');
  const generation = view.row('b')?.generation ?? 0;
  await store.hosts.update({ hostId, generation, vcpusUsed: 5 });
  expect(await refresh()).toBe(1);
  expect(view.row('b')).toMatchObject({ vcpusUsed: 5, generation: generation + 1 });
  expect(view.fleet.get(hostId)).toMatchObject({ vcpusUsed: 5 });
  await store.close();
});

test('a host that falls silent, and one that reports again, is seen without reading its row', async () => {
  const { store, view, time, refresh, idOf } = await aFleet(['a']);
  await refresh();
  const id = await idOf('a');
  expect(view.fleet.get(id)?.alive).toBe(true);
  time.now += hostTimeoutMs + 1;
  expect(await refresh()).toBe(0);
  expect(view.fleet.get(id)?.alive).toBe(false);
  await store.hosts.seen(id, time.now);
  expect(await refresh()).toBe(0);
  expect(view.fleet.get(id)?.alive).toBe(true);
  await store.close();
});

test('a host that the store no longer has is dropped', async () => {
  const { store, view, refresh } = await aFleet(['a', 'b']);
  await refresh();
  const none = { versions: async () => [], get: async () => undefined };
  await view.refresh(none, settings, { isAlive: () => true });
  expect(view.fleet.size).toBe(0);
  expect(view.row('a')).toBeUndefined();
  await store.close();
});

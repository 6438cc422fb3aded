import { expect, test } from 'vitest';
import type { ChangeMark, Store } from '#contracts/store/store.ts';
import { bookDevices } from '#core/ledger/host-ledger.ts';
import { takeDevices } from '#core/pci/claims/take-devices.ts';
import { poolsOf } from '#core/pci/pools/pool.ts';
import { openStore } from '#integrations/database/store.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { freshFile } from '#test/fresh-file.ts';
import { aCard, aRequest } from '#test/hosts/pci-cards.ts';
import { FleetView } from './fleet-view.ts';
import { HostLinks } from './host-links.ts';

const hostTimeoutMs = 60_000;
const settings = { allocationRatios: { vcpus: 4, memory: 1, disk: 1 } };

/** A store with these hosts, and a view whose reads of rows and of devices are counted. */
async function aFleet(names: string[], path = ':memory:') {
  const time = { now: 1_000_000 };
  const { store } = await migratedStore(path, { clock: { now: () => time.now } });
  for (const name of names) {
    await store.hosts.register({ name, availabilityZone: 'nova', hostIp: '192.0.2.1', facts });
  }
  const reads: string[] = [];
  const view = new FleetView();
  const clock = { now: () => time.now };
  const links = new HostLinks({ clock, monotonic: clock, hostTimeoutMs });
  let checks = 0;
  const counted = {
    isAlive(host: Parameters<HostLinks['isAlive']>[0]) {
      checks += 1;
      return links.isAlive(host);
    },
    isLinked: (id: string) => links.isLinked(id),
    get changes() {
      return links.changes;
    },
  };
  const refresh = async () => {
    reads.length = 0;
    const hosts = {
      changedSince: (mark?: ChangeMark) => store.hosts.changedSince(mark),
      recorded: (since: number) => store.hosts.recorded(since),
      get: (id: string) => {
        reads.push(id);
        return store.hosts.get(id);
      },
    };
    await view.refresh(hosts, settings, counted);
    return reads.length;
  };
  const idOf = async (name: string) =>
    (await store.hosts.list()).find((host) => host.name === name)?.id ?? '';
  /** How many hosts the next refresh checks for being alive. */
  const checked = async () => {
    checks = 0;
    await refresh();
    return checks;
  };
  return { store, view, time, links, refresh, checked, idOf };
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

test('a row that this process changed is not read again; one that another changed is', async () => {
  const path = freshFile('fleet.db');
  const { store, view, refresh, idOf } = await aFleet(['a', 'b', 'c'], path);
  const { store: elsewhere } = await openStore(path);
  expect(await refresh()).toBe(3);
  expect(await refresh()).toBe(0);
  const hostId = await idOf('b');
  const generation = view.row('b')?.generation ?? 0;
  for (const [at, by] of [store, elsewhere].entries()) {
    await by.hosts.update({ hostId, generation: generation + at, vcpusUsed: 5 + at });
    expect(await refresh()).toBe(at);
    expect(view.row('b')).toMatchObject({ vcpusUsed: 5 + at, generation: generation + at + 1 });
    expect(view.row('b')).toEqual(await store.hosts.get(hostId));
    expect(view.fleet.get(hostId)).toMatchObject({ vcpusUsed: 5 + at });
  }
  await elsewhere.close();
  await store.close();
});

test('one host is read only if another process changed it', async () => {
  const path = freshFile('fleet.db');
  const { store, view, refresh, idOf } = await aFleet(['a'], path);
  const { store: elsewhere } = await openStore(path);
  await refresh();
  const hostId = await idOf('a');
  let reads = 0;
  const hosts = {
    recorded: (since: number) => store.hosts.recorded(since),
    version: (id: string) => store.hosts.version(id),
    get: (id: string) => {
      reads += 1;
      return store.hosts.get(id);
    },
  };
  for (const [at, by] of [store, elsewhere].entries()) {
    await by.hosts.update({ hostId, generation: 1 + at, vcpusUsed: 5 + at });
    expect(await view.host(hosts, hostId)).toEqual(await store.hosts.get(hostId));
    expect(reads).toBe(at);
  }
  expect(await view.host(hosts, 'none')).toBeUndefined();
  await elsewhere.close();
  await store.close();
});

test('a host known since a generation costs no statement, unless its view turns out to be older', async () => {
  const path = freshFile('fleet.db');
  const { store, view, refresh, idOf } = await aFleet(['a'], path);
  const { store: elsewhere } = await openStore(path);
  await refresh();
  const hostId = await idOf('a');
  const statements: string[] = [];
  const hosts = {
    recorded: (since: number) => store.hosts.recorded(since),
    version: (id: string) => {
      statements.push('version');
      return store.hosts.version(id);
    },
    get: (id: string) => {
      statements.push('row');
      return store.hosts.get(id);
    },
  };
  const read = async (since: number) => {
    const { generation, vcpusUsed } = (await view.host(hosts, hostId, since))!;
    return { generation, vcpusUsed, statements: statements.splice(0) };
  };
  await store.hosts.update({ hostId, generation: 1, vcpusUsed: 5 });
  expect(await read(2)).toEqual({ generation: 2, vcpusUsed: 5, statements: [] });
  await elsewhere.hosts.update({ hostId, generation: 2, vcpusUsed: 6 });
  expect(await read(2)).toEqual({ generation: 2, vcpusUsed: 5, statements: [] });
  expect(await read(3)).toEqual({
    generation: 3,
    vcpusUsed: 6,
    statements: ['version', 'row'],
  });
  await elsewhere.hosts.update({ hostId, generation: 3, vcpusUsed: 7 });
  // A commit under this generation was refused.
  view.outdated(hostId);
  expect(await read(3)).toMatchObject({ vcpusUsed: 7, statements: ['version', 'row'] });
  expect(await read(3)).toMatchObject({ vcpusUsed: 7, statements: [] });
  view.outdated(hostId);
  expect(await read(3)).toMatchObject({ vcpusUsed: 7, statements: ['version'] });
  expect(await read(3)).toMatchObject({ vcpusUsed: 7, statements: [] });
  await elsewhere.close();
  await store.close();
});

test('devices are read once; changes of this process are applied, others are read', async () => {
  const path = freshFile('fleet.db');
  const { store, view, refresh, idOf } = await aFleet(['a'], path);
  const { store: elsewhere } = await openStore(path);
  const id = await idOf('a');
  const rows = aCard({ vfs: 3 });
  await store.hosts.update({ hostId: id, generation: 1, devices: rows, pciStats: poolsOf(rows) });
  let reads = 0;
  const hosts = {
    recorded: (since: number) => store.hosts.recorded(since),
    devices: (hostId: string) => {
      reads += 1;
      return store.hosts.devices(hostId);
    },
  };
  const claimBy = async (by: Store, serverId: string) => {
    const host = await by.hosts.get(id);
    const devices = await view.devices(hosts, host!);
    expect(devices.rows).toEqual(await store.hosts.devices(id));
    expect(devices.pools).toEqual(host?.pciStats);
    const taking = takeDevices({ devices, requests: [aRequest('r')] }, serverId);
    const entry = bookDevices(host!, devices, taking.ok ? taking.changed : []);
    expect(await by.hosts.update({ hostId: id, generation: host!.generation, ...entry })).toBe(
      'ok',
    );
  };
  await claimBy(store, 's1');
  await claimBy(store, 's2');
  expect(reads).toBe(1);
  await claimBy(elsewhere, 's3');
  expect(reads).toBe(1);
  await refresh();
  await view.devices(hosts, (await store.hosts.get(id))!);
  expect(reads).toBe(2);
  await elsewhere.close();
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

test('of linked hosts none is checked for being alive before a link opens or closes', async () => {
  const { store, view, time, links, checked, idOf } = await aFleet(['a', 'b', 'c']);
  const [a, b] = [await idOf('a'), await idOf('b')];
  links.opened(a);
  const close = links.opened(b);
  await checked();
  expect(await checked()).toBe(1);
  time.now += 2 * hostTimeoutMs;
  expect(await checked()).toBe(1);
  close();
  await checked();
  time.now += 2 * hostTimeoutMs;
  expect(await checked()).toBe(2);
  const alive = view.fleet.hosts.map(({ name, alive }) => [name, alive]);
  expect(Object.fromEntries(alive)).toEqual({ a: true, b: false, c: false });
  const row = await store.hosts.get(a);
  await store.hosts.update({ hostId: a, generation: row!.generation, forcedDown: true });
  await checked();
  expect(view.fleet.get(a)?.alive).toBe(false);
  await store.close();
});

test('a host that the store no longer has is dropped', async () => {
  const { store, view, refresh, idOf } = await aFleet(['a', 'b']);
  await refresh();
  await store.hosts.forget(await idOf('a'));
  await refresh();
  expect(view.fleet.size).toBe(1);
  await store.hosts.forget(await idOf('b'));
  await refresh();
  expect(view.fleet.size).toBe(0);
  expect(view.row('a')).toBeUndefined();
  await store.hosts.register({ name: 'b', availabilityZone: 'nova', hostIp: 'x', facts });
  await refresh();
  expect(view.row('b')?.id).toBe(await idOf('b'));
  await store.close();
});

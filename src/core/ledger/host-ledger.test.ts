import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aCard, aRequest } from '#test/hosts/pci-cards.ts';
import { allocateClaimed } from '../pci/claims/claim.ts';
import { takeDevices } from '../pci/claims/take-devices.ts';
import type { PciDevice } from '../pci/devices/device.ts';
import { poolsOf } from '../pci/pools/pool.ts';
import type { NumaShare } from '../scheduling/numa-fit.ts';
import {
  allocateServer,
  type Booked,
  bookDevices,
  claimServer,
  diskOf,
  type HostLedger,
  type LedgerEntry,
  releaseHold,
  releaseRequest,
  releaseServer,
  sharedVcpusUsed,
} from './host-ledger.ts';

/** A host and its devices, as a store would have them after each entry. */
interface Book {
  host: HostLedger;
  devices: PciDevice[];
  pools: ReturnType<typeof poolsOf>;
}

function aBook(devices: PciDevice[], host: Partial<HostLedger> = {}): Book {
  const numa = { nodes: [], claims: [] };
  const empty = { vcpusUsed: 0, memoryMibUsed: 0, diskGibUsed: 0, numa, problems: [] };
  return { host: { ...empty, ...host }, devices, pools: poolsOf(devices) };
}

function write({ host, devices, pools }: Book, entry: LedgerEntry): Book {
  const { devices: changed = [], pciStats = pools, deviceEvents: _events, ...fields } = entry;
  const rows = new Map(changed.map((device) => [device.address, device]));
  const after = devices.map((device) => rows.get(device.address) ?? device);
  return { host: { ...host, ...fields }, devices: after, pools: pciStats };
}

function claim(book: Book, server: Booked, requests: string[], shares: NumaShare[] = []): Book {
  const requested = requests.map((id) => aRequest(id));
  const taking = takeDevices({ devices: book.devices, requests: requested }, server.id);
  if (!taking.ok) return book;
  const taken = { changed: taking.changed, shares };
  return write(book, claimServer(book.host, book.devices, server, taken));
}

const flavor = { vcpus: 2, memoryMib: 512, diskGib: 10, ephemeralGib: 5 };
const server: Booked = { id: 's1', flavor };
const share = { node: 0, vcpus: 2, memoryMib: 512, cpus: [4, 5] };

test('a claim counts every amount, root and ephemeral disk together', () => {
  const { host, devices, pools } = claim(aBook(aCard({ vfs: 2 })), server, ['r1'], [share]);
  expect(host).toMatchObject({
    vcpusUsed: 2,
    memoryMibUsed: 512,
    diskGibUsed: 15,
    numa: { claims: [{ ...share, serverId: 's1' }] },
  });
  expect(diskOf(flavor)).toBe(15);
  expect(devices.filter(({ serverId }) => serverId === 's1')).toMatchObject([
    { status: 'claimed', requestId: 'r1' },
  ]);
  expect(pools).toEqual(poolsOf(devices));
});

test('a claim without devices and NUMA changes neither', () => {
  const entry = claimServer(aBook([]).host, [], server, { changed: [], shares: [] });
  expect(entry).toEqual({ vcpusUsed: 2, memoryMibUsed: 512, diskGibUsed: 15 });
});

test('a release by request returns the request’s devices and no amount', () => {
  const book = claim(aBook(aCard({ vfs: 3 })), server, ['r1', 'r2']);
  const entry = releaseRequest(book.host, book.devices, { serverId: 's1', requestId: 'r2' });
  expect(Object.keys(entry).sort()).toEqual(['deviceEvents', 'devices', 'pciStats', 'problems']);
  expect(entry.deviceEvents).toMatchObject([{ event: 'released', requestId: 'r2' }]);
  const after = write(book, entry);
  expect(after.devices.filter(({ serverId }) => serverId !== null)).toMatchObject([
    { requestId: 'r1' },
  ]);
});

test('claimed devices become the guest’s; without claims nothing is written', () => {
  const book = claim(aBook(aCard({ vfs: 2 })), server, ['r1']);
  const after = write(book, allocateServer(book.host, book.devices, 's1'));
  expect(after.devices).toEqual(
    book.devices.map(
      (device) =>
        allocateClaimed(book.devices, 's1').find(({ address }) => address === device.address) ??
        device,
    ),
  );
  expect(after.pools).toEqual(poolsOf(after.devices));
  expect(allocateServer(after.host, after.devices, 's1')).toEqual({});
  expect(bookDevices(after.host, after.devices, [])).toEqual({});
});

test('the problems of a claim end with the claim; other problems of the host stay', () => {
  const noIso = { code: 'no-iso-maker', message: 'no genisoimage', blocks: 'none' } as const;
  const replaced = { code: 'device-replaced', message: 'held by s1', blocks: 'none' } as const;
  const host = { problems: [noIso, replaced] };
  const [vf] = aCard({ vfs: 1, hasPf: false });
  const found = { function: { ...vf!, productId: '154c' }, tags: {} };
  const held: PciDevice = { ...vf!, serverId: 's1', requestId: 'r1', status: 'missing', found };
  expect(bookDevices(host, [held], [{ ...held, requestId: 'r2' }]).problems).toMatchObject([
    noIso,
    { code: 'device-replaced' },
  ]);
  const released = releaseRequest(host, [held], { serverId: 's1', requestId: 'r1' });
  expect(released.problems).toEqual([noIso]);
});

test('no amount falls below zero', () => {
  const entry = releaseServer(aBook([], { vcpusUsed: 1 }).host, [], server);
  expect(entry).toMatchObject({ vcpusUsed: 0, memoryMibUsed: 0, diskGibUsed: 0 });
});

test('pinned vcpus are not counted as shared vcpus', () => {
  const book = claim(aBook([], { vcpusUsed: 3 }), server, [], [share]);
  expect(book.host.vcpusUsed).toBe(5);
  expect(sharedVcpusUsed(book.host)).toBe(3);
});

const anAmount = fc.nat(64);
const aServer = (id: string) =>
  fc.record({
    id: fc.constant(id),
    flavor: fc.record({
      vcpus: anAmount,
      memoryMib: anAmount,
      diskGib: anAmount,
      ephemeralGib: anAmount,
    }),
  });
const someShares = fc.array(
  fc.record({
    node: fc.nat(1),
    vcpus: anAmount,
    memoryMib: anAmount,
    cpus: fc.uniqueArray(fc.nat(15), { maxLength: 4 }),
  }),
  { maxLength: 2 },
);

test('a release undoes its claim, whichever other claims came and stayed', () => {
  const property = fc.property(
    fc.record({
      vfs: fc.integer({ min: 1, max: 6 }),
      one: aServer('s1'),
      other: aServer('s2'),
      shares: someShares,
      count: fc.nat(3),
      others: fc.nat(2),
      isRunning: fc.boolean(),
    }),
    ({ vfs, one, other, shares, count, others, isRunning }) => {
      const requests = (of: string, many: number) =>
        Array.from({ length: many }, (_, at) => `${of}-${at}`);
      const before = claim(aBook(aCard({ vfs })), other, requests('other', others), shares);
      const claimed = claim(before, one, requests('one', count), shares);
      fc.pre(claimed !== before);
      const held = isRunning
        ? write(claimed, allocateServer(claimed.host, claimed.devices, 's1'))
        : claimed;
      const after = write(held, releaseServer(held.host, held.devices, one));
      expect(after).toEqual(before);
    },
  );
  fc.assert(property);
});

test('requests released one by one leave the same state as releasing the whole server', () => {
  const property = fc.property(fc.integer({ min: 1, max: 5 }), aServer('s1'), (count, one) => {
    const ids = Array.from({ length: count }, (_, at) => `r${at}`);
    const claimed = claim(aBook(aCard({ vfs: 6 })), one, ids);
    const oneByOne = ids.reduce(
      (book, requestId) =>
        write(book, releaseRequest(book.host, book.devices, { serverId: 's1', requestId })),
      claimed,
    );
    const whole = write(claimed, releaseServer(claimed.host, claimed.devices, one));
    expect(oneByOne.devices).toEqual(whole.devices);
    expect(oneByOne.pools).toEqual(whole.pools);
  });
  fc.assert(property);
});

test('a move within a host is booked twice there; each side is released alone', () => {
  const [one, two] = [aRequest('before'), aRequest('after')];
  const flavors = {
    before: { vcpus: 1, memoryMib: 512, diskGib: 10, ephemeralGib: 0 },
    after: { vcpus: 2, memoryMib: 1024, diskGib: 20, ephemeralGib: 5 },
  };
  const share = (node: number): NumaShare => ({ node, vcpus: 1, memoryMib: 512, cpus: [node] });
  const devices = aCard({ vfs: 2 }).map((device, at) =>
    at === 0
      ? device
      : {
          ...device,
          status: 'allocated' as const,
          serverId: 's1',
          requestId: (at === 1 ? one : two).requestId,
        },
  );
  const empty = aBook(devices);
  const first = claimServer(
    empty.host,
    devices,
    { id: 's1', flavor: flavors.before },
    { changed: [], shares: [share(0)] },
  );
  const book = write(empty, first);
  const second = claimServer(
    book.host,
    devices,
    { id: 's1', flavor: flavors.after },
    { changed: [], shares: [share(1)], moveId: 'm1' },
  );
  const both = write(book, second);
  expect(both.host).toMatchObject({ vcpusUsed: 3, memoryMibUsed: 1536, diskGibUsed: 35 });
  const release = (side: 'before' | 'after') =>
    write(
      both,
      releaseHold(
        both.host,
        both.devices,
        { id: 's1', flavor: flavors[side] },
        {
          requestIds: new Set([(side === 'before' ? one : two).requestId]),
          hasShare: ({ moveId }) => (moveId === 'm1') === (side === 'after'),
        },
      ),
    );
  const held = ({ devices: rows }: Book) => rows.flatMap(({ requestId }) => requestId ?? []);
  const nodes = ({ host }: Book) => host.numa.claims.map(({ node }) => node);
  const confirmed = release('before');
  expect(confirmed.host).toMatchObject({ vcpusUsed: 2, memoryMibUsed: 1024, diskGibUsed: 25 });
  expect([held(confirmed), nodes(confirmed)]).toEqual([[two.requestId], [1]]);
  const reverted = release('after');
  expect(reverted.host).toMatchObject({ vcpusUsed: 1, memoryMibUsed: 512, diskGibUsed: 10 });
  expect([held(reverted), nodes(reverted)]).toEqual([[one.requestId], [0]]);
});

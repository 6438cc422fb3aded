import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aCard, aRequest, afterChange } from '#test/hosts/pci-cards.ts';
import {
  allocateServer,
  bookDevices,
  releaseRequest,
  releaseServer,
} from '../../ledger/host-ledger.ts';
import { compareText } from '../../compare-text.ts';
import type { PciDevice } from '../devices/device.ts';
import { poolsOf } from '../pools/pool.ts';
import { HostDevices } from './host-devices.ts';
import { reconcileInventory } from './inventory.ts';
import { takeDevices } from './take-devices.ts';

const card = fc.record({
  vfs: fc.integer({ min: 0, max: 3 }),
  network: fc.constantFrom('red', 'blue'),
  hasPf: fc.boolean(),
  isQuarantined: fc.boolean(),
  hasInterfaces: fc.boolean(),
});
const server = fc.constantFrom('s1', 's2', 's3', 's4');
const need = fc.record({
  network: fc.constantFrom('red', 'blue'),
  count: fc.integer({ min: 1, max: 2 }),
  asks: fc.constantFrom<Record<string, string>>({}, {}, {}, { dev_type: 'type-PF' }),
  needsInterface: fc.constantFrom(false, false, true),
});
const step = fc.oneof(
  fc.record({
    does: fc.constant('claim' as const),
    server,
    needs: fc.array(need, { minLength: 1, maxLength: 2 }),
    preference: fc.constantFrom(undefined, undefined, 'pack' as const, 'spread' as const),
  }),
  fc.record({ does: fc.constantFrom('run' as const, 'free' as const), server }),
  fc.record({ does: fc.constant('detach' as const), server, request: fc.constantFrom('r0', 'r1') }),
  fc.record({
    does: fc.constant('report' as const),
    /** Which of the devices are absent, and which of them are other devices now. */
    absent: fc.array(fc.nat(11), { maxLength: 2 }),
    other: fc.array(fc.nat(11), { maxLength: 2 }),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function devicesOf(cards: (typeof card extends fc.Arbitrary<infer T> ? T : never)[]): PciDevice[] {
  return cards.flatMap(({ isQuarantined, hasInterfaces, ...options }, at) =>
    aCard({ ...options, bus: `0${at}` }).map((device, number) => ({
      ...device,
      ...(hasInterfaces && number % 2 === 1 && { ifname: `ens${at}v${number}` }),
      ...(isQuarantined &&
        number === 1 && { quarantine: 'cannot be reset', status: 'unavailable' as const }),
    })),
  );
}

/** The rows that the step changes, by all rows of the host. */
function changeOf(
  rows: readonly PciDevice[] | HostDevices,
  one: Exclude<Step, { does: 'report' }>,
) {
  const host = { problems: [], vcpusUsed: 0, memoryMibUsed: 0, diskGibUsed: 0 };
  const numa = { nodes: [], claims: [] };
  if (one.does === 'claim') {
    const requests = one.needs.map((each, at) => aRequest(`r${at}`, each));
    const taking = takeDevices({ devices: rows, requests, preference: one.preference }, one.server);
    return taking.ok ? bookDevices(host, rows, taking.changed) : taking;
  }
  const flavor = { vcpus: 0, memoryMib: 0, diskGib: 0, ephemeralGib: 0 };
  if ('request' in one) {
    return releaseRequest(host, rows, { serverId: one.server, requestId: one.request });
  }
  if (one.does === 'run') return allocateServer(host, rows, one.server);
  return releaseServer({ ...host, numa }, rows, { id: one.server, flavor });
}

test('kept devices change as the whole list does, and so do the pools and problems', () => {
  const host = fc.array(card, { minLength: 1, maxLength: 3 });
  const property = fc.property(host, fc.array(step, { maxLength: 14 }), (cards, steps) => {
    const first = devicesOf(cards);
    let rows = first;
    let kept = new HostDevices(rows);
    for (const one of steps) {
      if (one.does === 'report') {
        const reported = first.flatMap((device, at) => {
          if (one.absent.includes(at)) return [];
          const { tags, status: _, serverId: _s, requestId: _r, ...fn } = device;
          const productId = one.other.includes(at) ? 'ffff' : fn.productId;
          return [{ function: { ...fn, productId }, tags }];
        });
        const { changed, removed } = reconcileInventory(rows, reported);
        const gone = new Set<string>(removed);
        rows = afterChange(rows, changed).filter(({ address }) => !gone.has(address));
        rows.sort((row, other) => compareText(row.address, other.address));
        kept = new HostDevices(rows);
      } else {
        const before = kept.pools;
        const copy = structuredClone(before);
        const plain = changeOf(rows, one);
        const entry = changeOf(kept, one);
        expect(entry).toEqual(plain);
        const changed = 'devices' in entry ? (entry.devices ?? []) : [];
        expect(kept.rows).toEqual(rows);
        rows = afterChange(rows, changed);
        kept = kept.apply(changed);
        expect(before).toEqual(copy);
      }
      expect(kept.rows).toEqual(rows);
      expect(kept.pools).toEqual(poolsOf(rows));
      for (const id of ['s1', 's2']) {
        expect(kept.heldBy(id)).toEqual(rows.filter(({ serverId }) => serverId === id));
      }
    }
  });
  fc.assert(property, { numRuns: 100 });
});

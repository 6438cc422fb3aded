import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aCard, aRequest, afterChange } from '#test/pci-cards.ts';
import { isComputeError } from '../errors.ts';
import { allocateDevices } from './allocate.ts';
import { allocateClaimed, claimDevices, freeDevices } from './claim.ts';
import type { PciDevice } from './device.ts';
import { HostDevices } from './host-devices.ts';
import { poolsOf } from './pool.ts';

const card = fc.record({
  vfs: fc.integer({ min: 0, max: 3 }),
  network: fc.constantFrom('red', 'blue'),
  hasPf: fc.boolean(),
});
const server = fc.constantFrom('s1', 's2', 's3', 's4');
const step = fc.oneof(
  fc.record({
    do: fc.constant('boot' as const),
    server,
    wishes: fc.array(
      fc.record({
        network: fc.constantFrom('red', 'blue'),
        count: fc.integer({ min: 1, max: 2 }),
        asks: fc.constantFrom<Record<string, string>>({}, {}, { dev_type: 'type-PF' }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
  fc.record({ do: fc.constantFrom('run' as const, 'free' as const), server }),
);

test('claims one after the other are those that the whole list gives, and so are the pools', () => {
  const host = fc.array(card, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(host, fc.array(step, { maxLength: 12 }), (cards, steps) => {
      let devices: PciDevice[] = cards.flatMap((wish, at) => aCard({ ...wish, bus: `0${at}` }));
      const kept = new HostDevices(devices);
      for (const one of steps) {
        if (one.do === 'boot') {
          const requests = one.wishes.map((wish, at) => aRequest(`r${at}`, wish));
          const plain = allocateDevices({ devices, requests });
          const claimed = kept.claim(requests, one.server);
          if (plain.ok) {
            const changed = claimDevices(devices, plain.assignments, one.server);
            expect(byAddress(claimed.ok ? claimed.changed : [])).toEqual(byAddress(changed));
            devices = afterChange(devices, changed);
          } else expect(claimed).toEqual(plain);
        } else {
          const change = one.do === 'run' ? allocateClaimed : freeDevices;
          const changed = change(devices, one.server);
          kept.apply(changed);
          devices = afterChange(devices, changed);
        }
        expect(kept.devices).toEqual(devices);
        expect(kept.pools).toEqual(poolsOf(devices));
      }
    }),
    { numRuns: 300 },
  );
});

function byAddress(devices: readonly PciDevice[]): Map<string, PciDevice> {
  return new Map(devices.map((device) => [device.address, device]));
}

test('a claim keeps to the nodes of the guest', () => {
  const kept = new HostDevices(aCard({ vfs: 1, numaNode: 1 }));
  const far = kept.claim([aRequest('r1', { numaPolicy: 'required' })], 's1', { cells: [0] });
  expect(far.ok).toBe(false);
  expect(kept.claim([aRequest('r1')], 's1', { cells: [1] }).ok).toBe(true);
});

test('a row of another host is a bug', () => {
  const kept = new HostDevices(aCard({ vfs: 1 }));
  let error: unknown;
  try {
    kept.apply(aCard({ bus: 'd8', vfs: 1 }));
  } catch (thrown) {
    error = thrown;
  }
  expect(isComputeError(error, 'bug')).toBe(true);
  expect(error).toMatchObject({
    detail: "PCI device 0000:d8:00.0 is none of this host's",
  });
});

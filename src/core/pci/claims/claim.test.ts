import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aCard, aRequest, afterChange } from '#test/hosts/pci-cards.ts';
import { isComputeError } from '../../errors.ts';
import { parsePciAddress } from '../devices/address.ts';
import { allocateDevices } from './allocate.ts';
import { allocateClaimed, claimDevices, freeDevices } from './claim.ts';
import type { PciDevice } from '../devices/device.ts';
import { poolsOf } from '../pools/pool.ts';

const pf = parsePciAddress('0000:3b:00.0');
const vf1 = parsePciAddress('0000:3b:00.1');
const vf2 = parsePciAddress('0000:3b:00.2');

function claim(devices: PciDevice[], address: typeof pf, server: string): PciDevice[] {
  const assignments = [{ requestId: `request-of-${server}`, address }];
  return afterChange(devices, claimDevices(devices, assignments, server));
}

function statuses(devices: readonly PciDevice[]): string[] {
  return devices.map(({ address, status }) => `${address.slice(-1)} ${status}`);
}

const steps: { name: string; after: (card: PciDevice[]) => PciDevice[]; gives: string[] }[] = [
  {
    name: 'a claimed VF makes its PF unclaimable and leaves its siblings unchanged',
    after: (card) => claim(card, vf1, 's1'),
    gives: ['0 unclaimable', '1 claimed', '2 available'],
  },
  {
    name: 'an allocated VF makes its PF unavailable',
    after: (card) => {
      const claimed = claim(card, vf1, 's1');
      return afterChange(claimed, allocateClaimed(claimed, 's1'));
    },
    gives: ['0 unavailable', '1 allocated', '2 available'],
  },
  {
    name: 'a claimed PF makes its VFs unclaimable',
    after: (card) => claim(card, pf, 's1'),
    gives: ['0 claimed', '1 unclaimable', '2 unclaimable'],
  },
  {
    name: 'an allocated PF makes its VFs unavailable',
    after: (card) => {
      const claimed = claim(card, pf, 's1');
      return afterChange(claimed, allocateClaimed(claimed, 's1'));
    },
    gives: ['0 allocated', '1 unavailable', '2 unavailable'],
  },
  {
    name: 'a PF with a claimed and an allocated VF is unavailable',
    after: (card) => {
      const one = claim(card, vf1, 's1');
      const running = afterChange(one, allocateClaimed(one, 's1'));
      return claim(running, vf2, 's2');
    },
    gives: ['0 unavailable', '1 allocated', '2 claimed'],
  },
  {
    name: 'allocating one claim leaves the claims of other servers',
    after: (card) => {
      const both = claim(claim(card, vf1, 's1'), vf2, 's2');
      return afterChange(both, allocateClaimed(both, 's1'));
    },
    gives: ['0 unavailable', '1 allocated', '2 claimed'],
  },
  {
    name: 'a missing device is not allocated when its server starts',
    after: (card) => {
      const gone = claim(card, vf1, 's1').map((device) =>
        device.address === vf1 ? { ...device, status: 'missing' as const } : device,
      );
      return afterChange(gone, allocateClaimed(gone, 's1'));
    },
    gives: ['0 unavailable', '1 missing', '2 available'],
  },
  {
    name: 'releasing one VF keeps the PF unavailable while a sibling is held',
    after: (card) => {
      const both = claim(claim(card, vf1, 's1'), vf2, 's2');
      return afterChange(both, freeDevices(both, 's1'));
    },
    gives: ['0 unclaimable', '1 available', '2 claimed'],
  },
  {
    name: 'a released device that its host no longer reports is removed',
    after: (card) => {
      const held = claim(card, vf1, 's1').map((device) =>
        device.address === vf1 ? { ...device, status: 'missing' as const } : device,
      );
      return afterChange(held, freeDevices(held, 's1'));
    },
    gives: ['0 available', '1 removed', '2 available'],
  },
];

for (const { name, after, gives } of steps) {
  test(`${name}: ${gives.join(', ')}`, () => {
    expect(statuses(after(aCard({ vfs: 2 })))).toEqual(gives);
  });
}

test('only rows that change are returned, with server and request', () => {
  const changed = claimDevices(aCard({ vfs: 2 }), [{ requestId: 'r1', address: vf1 }], 's1');
  expect(changed.map(({ address, serverId, requestId }) => [address, serverId, requestId])).toEqual(
    [
      [pf, null, null],
      [vf1, 's1', 'r1'],
    ],
  );
  expect(freeDevices(aCard({ vfs: 2 }), 's1')).toEqual([]);
  expect(allocateClaimed(aCard({ vfs: 2 }), 's1')).toEqual([]);
});

const wrong = [
  { name: 'a held VF', of: () => claim(aCard({ vfs: 1 }), vf1, 's1'), takes: [vf1] },
  { name: 'the PF of a held VF', of: () => claim(aCard({ vfs: 1 }), vf1, 's1'), takes: [pf] },
  { name: 'a VF of a held PF', of: () => claim(aCard({ vfs: 1 }), pf, 's1'), takes: [vf1] },
  { name: 'a PF together with its VF', of: () => aCard({ vfs: 1 }), takes: [pf, vf1] },
  { name: 'a device twice', of: () => aCard({ vfs: 1 }), takes: [vf1, vf1] },
  { name: 'an unknown device', of: () => aCard({ vfs: 1 }), takes: [vf2] },
];

for (const { name, of, takes } of wrong) {
  test(`a claim of ${name} is refused, naming the device`, () => {
    const assignments = takes.map((address) => ({ requestId: 'r', address }));
    let error: unknown;
    try {
      claimDevices(of(), assignments, 's2');
    } catch (thrown) {
      error = thrown;
    }
    expect(isComputeError(error, 'conflict')).toBe(true);
    expect(String(error)).toContain(takes.at(-1));
  });
}

/** An operation of a cloud on one host. */
type Command =
  | { do: 'boot'; server: string; takesPf: boolean; count: number }
  | { do: 'run'; server: string }
  | { do: 'free'; server: string };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constant('boot' as const),
    server: fc.constantFrom('s1', 's2', 's3'),
    takesPf: fc.boolean(),
    count: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({
    do: fc.constant('run' as const),
    server: fc.constantFrom('s1', 's2', 's3'),
  }),
  fc.record({
    do: fc.constant('free' as const),
    server: fc.constantFrom('s1', 's2', 's3'),
  }),
);

function play(devices: PciDevice[], step: Command): PciDevice[] {
  if (step.do === 'run') return afterChange(devices, allocateClaimed(devices, step.server));
  if (step.do === 'free') return afterChange(devices, freeDevices(devices, step.server));
  const asks: Record<string, string> = step.takesPf ? { dev_type: 'type-PF' } : {};
  const requests = [aRequest('r', { count: step.count, asks })];
  const verdict = allocateDevices({ devices, requests });
  if (!verdict.ok) return devices;
  return afterChange(devices, claimDevices(devices, verdict.assignments, step.server));
}

const twoCards = [...aCard({ vfs: 2 }), ...aCard({ bus: 'd8', vfs: 1 })];

test('a PF and its VFs are never both held, and releasing all restores the pools', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
      let devices: PciDevice[] = twoCards;
      for (const step of commands) {
        devices = play(devices, step);
        const held = devices.filter((device) => device.serverId !== null);
        const holders = new Set(held.map(({ address }) => address));
        expect(held.filter(({ parentAddress }) => holders.has(parentAddress!))).toEqual([]);
      }
      for (const server of ['s1', 's2', 's3']) {
        devices = afterChange(devices, freeDevices(devices, server));
      }
      expect(devices).toEqual(twoCards);
      expect(poolsOf(devices)).toEqual(poolsOf(twoCards));
    }),
    { numRuns: 300 },
  );
});

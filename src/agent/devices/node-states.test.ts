/** What counts of the hypervisor's answers while it gives none. */
import { nodeDeviceName } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { describedFunctions } from '#integrations/simulated/machine/described-devices.ts';
import { expect, test } from 'vitest';
import { NodeStates } from './node-states.ts';

const functions = describedFunctions([{ kind: 'PF', bus: '01', vfs: 3 }]);
const [pf, known, unknown] = functions as [PciFunction, PciFunction, PciFunction];
const isVf = (fn: PciFunction) => fn.parentAddress === pf.address;

/** A hypervisor that knows every function but one, until it goes away. */
function aHypervisor() {
  const state = { isAway: false };
  const reads = new NodeStates({
    nodeWaitMs: 0,
    nodeDevices: {
      watch: () => () => undefined,
      async describe(requested) {
        if (state.isAway) throw new Error('virtnodedevd restarts');
        const listed = requested.filter((fn) => fn !== unknown);
        return new Map(listed.map(({ address }) => [address, { network: ['rx'] }]));
      },
    },
  });
  const seen = async (here: readonly PciFunction[] = functions) => {
    const answer = await reads.complete(here, isVf);
    return Object.fromEntries(
      answer.map(({ address, quarantine, capabilities }) => [
        nodeDeviceName(address),
        quarantine ?? capabilities.network ?? [],
      ]),
    );
  };
  return { state, reads, seen };
}

test('a listing that fails neither offers an unknown function nor loses what was known', async () => {
  const { state, reads, seen } = aHypervisor();
  const before = await seen();
  expect(before).toMatchObject({
    [nodeDeviceName(pf.address)]: [],
    [nodeDeviceName(known.address)]: ['rx'],
    [nodeDeviceName(unknown.address)]: expect.stringContaining('libvirt does not know it'),
  });
  state.isAway = true;
  expect(await seen()).toEqual(before);
  expect(reads.problems).toMatchObject([{ message: expect.stringContaining('restarts') }]);
});

test('a function that was gone in between is described by sysfs alone', async () => {
  const { state, seen } = aHypervisor();
  await seen();
  state.isAway = true;
  await seen([pf]);
  expect(new Set(Object.values(await seen()).flat())).toEqual(new Set());
});

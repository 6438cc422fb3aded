import { expect, test, vi } from 'vitest';
import { HostFaults } from './host-faults.ts';
import { simulatedFleet } from './fleet.ts';
import { AlikeHosts } from './alike-hosts.ts';

const problem = { code: 'iommu-off', message: 'IOMMU: off', blocks: 'passthrough' as const };

test('hosts of a fleet are checked once; one with a fault, other devices or other specs is checked apart', () => {
  const fleet = simulatedFleet({ hosts: 3, pfs: 1, vfsPerPf: 2 });
  const [one, two, three] = fleet;
  const deviceSpecs = [] as const;
  const alike = new AlikeHosts(fleet, deviceSpecs);
  const check = vi.fn(() => [problem]);
  const faults = new HostFaults();
  const sound = { faults: new HostFaults(), deviceSpecs };
  expect(alike.problems({ machine: one!, ...sound }, check)).toEqual([problem]);
  expect(alike.problems({ machine: two!, ...sound }, check)).toEqual([problem]);
  expect(check).toHaveBeenCalledTimes(1);
  check.mockReturnValue([]);
  faults.set('pf-down', true);
  expect(alike.problems({ machine: two!, faults, deviceSpecs }, check)).toEqual([]);
  faults.set('pf-down', false);
  expect(alike.problems({ machine: two!, faults, deviceSpecs }, check)).toEqual([problem]);
  three!.functions = three!.functions.slice(1);
  expect(alike.problems({ machine: three!, ...sound }, check)).toEqual([]);
  expect(alike.problems({ machine: one!, ...sound, deviceSpecs: [] }, check)).toEqual([]);
  expect(check).toHaveBeenCalledTimes(4);
});

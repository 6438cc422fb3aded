/** The hosts of a simulated fleet: all alike, each with two PFs on two physical networks. */
import { simulatedFleet } from '#integrations/simulated/fleet.ts';

const card = { pfs: 2, vfs: 8 };

/** As in the configuration of `novella up`. */
export function fleetOf(hosts: number) {
  return { kind: 'fleet', hosts, ...card } as const;
}

/** Their names, in order. Example: `['host-0001', 'host-0002']`. */
export function hostNames(hosts: number): string[] {
  return simulatedFleet({ hosts, pfs: 0, vfsPerPf: 0 }).map(({ name }) => name);
}

export const physicalNetworks = ['physnet1', 'physnet2'];

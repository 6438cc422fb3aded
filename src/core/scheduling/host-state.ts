/** The scheduler's snapshot of one host. Independent of where snapshots come from. */
import type { HostAggregate } from '../hosts/aggregate.ts';
import type { HostProblem } from '../hosts/host-problem.ts';
import type { PciDevicePool } from '../pci/pools/pool.ts';
import type { HostNuma } from './numa-fit.ts';

/**
 * `generation` counts changes of the host row; a claim made from this snapshot is valid only while
 * it equals the row's.
 */
export interface HostState {
  id: string;
  name: string;
  generation: number;
  availabilityZone: string;
  /** Absent: it is in none. */
  aggregates?: readonly HostAggregate[];
  enabled: boolean;
  disabledReason: string | null;
  /** Its agent reports in time. */
  alive: boolean;
  /** Problems that its agent reports; absent: none. */
  problems?: readonly HostProblem[];
  vcpus: number;
  vcpusUsed: number;
  memoryMib: number;
  memoryMibUsed: number;
  diskGib: number;
  diskGibUsed: number;
  cpuAllocationRatio: number;
  memoryAllocationRatio: number;
  diskAllocationRatio: number;
  pools: PciDevicePool[];
  /** It can receive a guest with its disk from another host. */
  movesGuests?: boolean;
  /** Absent: the host reports no NUMA nodes. */
  numa?: HostNuma;
}

/**
 * Fits a server's PCI requests and its NUMA cells on one host together: the devices decide which
 * nodes are good.
 */
import type { PciDevicePool } from '../pci/pools/pool.ts';
import { matchesRequest, type NumaPlacement } from '../pci/pools/pool-match.ts';
import type { PciRequest } from '../pci/requests/request.ts';
import { type Verdict, refuse } from '../reason.ts';
import type { GuestNuma } from '../servers/guest-numa.ts';
import { type HostNuma, type NumaShare, numaPlacements } from './numa-fit.ts';

export interface FitInput {
  /** null: the guest has no NUMA topology, and the devices may be anywhere. */
  guest: GuestNuma | null;
  host: HostNuma;
  pools: readonly PciDevicePool[];
  requests: readonly PciRequest[];
}

/**
 * The first placement of the cells that `fits` accepts, with its result; else the reasons of the
 * last refusal. Nodes that have devices for the requests are tried first; without requests, nodes
 * without devices are. Source: Nova `numa_fit_instance_to_host`, `_numa_cells_support_*`.
 */
export function fitTogether<T>(
  { guest, host, pools, requests }: FitInput,
  fits: (placement: NumaPlacement) => Verdict<T>,
): Verdict<T & { shares: NumaShare[] }> {
  if (guest === null) return withShares(fits({}), []);
  const wanted = pools.filter(
    (pool) => requests.length === 0 || requests.some((request) => matchesRequest(pool, request)),
  );
  const devicesOn = (node: number): number =>
    wanted.filter(({ numaNode }) => numaNode === node).reduce((sum, { count }) => sum + count, 0);
  const sign = requests.length === 0 ? 1 : -1;
  let last: Verdict<T & { shares: NumaShare[] }> = noCells(guest, host);
  for (const shares of numaPlacements(guest, host, (node) => sign * devicesOn(node))) {
    const cells = shares.map(({ node }) => node);
    last = withShares(fits({ cells, host: host.nodes }), shares);
    if (last.ok) return last;
  }
  return last;
}

function withShares<T>(
  verdict: Verdict<T>,
  shares: NumaShare[],
): Verdict<T & { shares: NumaShare[] }> {
  return verdict.ok ? { ...verdict, shares } : verdict;
}

function noCells(guest: GuestNuma, host: HostNuma): ReturnType<typeof refuse> {
  const [cell] = guest.cells;
  const cpus = guest.isPinned ? 'free dedicated CPUs' : 'CPUs';
  return refuse(
    'no-numa-fit',
    `no ${guest.cells.length} of its ${host.nodes.length} NUMA nodes have ${cell?.vcpus} ${cpus} and ${cell?.memoryMib} MiB each`,
    { cells: guest.cells.length, nodes: host.nodes.length },
  );
}

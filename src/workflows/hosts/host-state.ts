/** A host row as the scheduler's snapshot. */
import type { Host } from '#contracts/store/store.ts';
import { sharedVcpusUsed } from '#core/ledger/host-ledger.ts';
import type { HostState } from '#core/scheduling/host-state.ts';
import type { HostLinks } from './host-links.ts';

/** The inputs of the scheduler's snapshot of a host. */
export interface HostStateSettings {
  /** The overcommit ratios of a host. */
  allocationRatios: { vcpus: number; memory: number; disk: number };
}

/** The host as the scheduler's snapshot. */
export function hostState(
  host: Host,
  { allocationRatios }: HostStateSettings,
  links: Pick<HostLinks, 'isAlive'>,
): HostState {
  return {
    ...sharedCpus(host),
    id: host.id,
    name: host.name,
    generation: host.generation,
    availabilityZone: host.availabilityZone,
    aggregates: host.aggregates,
    enabled: host.enabled,
    disabledReason: host.disabledReason,
    alive: links.isAlive(host),
    problems: host.problems,
    memoryMib: host.facts.memoryMib,
    memoryMibUsed: host.memoryMibUsed,
    diskGib: host.facts.diskGib,
    diskGibUsed: host.diskGibUsed,
    cpuAllocationRatio: allocationRatios.vcpus,
    memoryAllocationRatio: allocationRatios.memory,
    diskAllocationRatio: allocationRatios.disk,
    movesGuests: host.facts.movesGuests === true,
    pools: host.pciStats,
    numa: host.numa,
  };
}

/**
 * Processors that guests share, and how many of their vcpus do. Where some are dedicated to pinned
 * guests, only those that are named for sharing count. Source: Nova `cpu_dedicated_set`,
 * `cpu_shared_set`.
 */
function sharedCpus({ facts, vcpusUsed, numa }: Host): Pick<HostState, 'vcpus' | 'vcpusUsed'> {
  const isSplit = numa.nodes.some((node) => node.dedicatedCpus.length > 0);
  const shared = numa.nodes.reduce((sum, node) => sum + node.cpus.length, 0);
  return { vcpus: isSplit ? shared : facts.vcpus, vcpusUsed: sharedVcpusUsed({ vcpusUsed, numa }) };
}

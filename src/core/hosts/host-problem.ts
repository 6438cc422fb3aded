/**
 * What is wrong with a host, as its agent reports it: stored with the host, shown to operators,
 * used by the scheduler.
 */
import type { PciRequest } from '../pci/requests/request.ts';
import type { Reason } from '../reason.ts';

/**
 * Which servers are kept from the host: all, those with a passed-through PCI device (not those with
 * a tap over one), or none.
 */
export type ProblemReach = 'all' | 'passthrough' | 'none';

/**
 * One problem. Example: `{ code: 'iommu-off', message: 'IOMMU is off: the kernel made no IOMMU
 * groups', blocks: 'passthrough' }`.
 */
export interface HostProblem extends Reason {
  blocks: ProblemReach;
}

/** Code of the only problem that prevents all operations on a host's guests. */
export const hypervisorSilent = 'hypervisor-silent';

/** The problems that keep a server with these requests from the host. Empty: none does. */
export function blockingProblems(
  problems: readonly HostProblem[],
  requests: readonly PciRequest[],
): HostProblem[] {
  if (problems.length === 0) return [];
  // A request that needs an interface gets a device that stays with the host, under a tap.
  const getsDevice = requests.some(({ needsInterface }) => !needsInterface);
  return problems.filter(
    ({ blocks }) => blocks === 'all' || (blocks === 'passthrough' && getsDevice),
  );
}

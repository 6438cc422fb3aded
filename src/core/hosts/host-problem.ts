/**
 * What is wrong with a host, as its agent reports it: kept with the host, shown to operators,
 * respected by the scheduler.
 */
import type { PciRequest } from '../pci/requests/request.ts';
import type { Reason } from '../reason.ts';

/**
 * Who is kept from the host: every server, those that get a PCI device whole (not those with a tap
 * over one), or nobody.
 */
export type ProblemReach = 'all' | 'passthrough' | 'none';

/**
 * One problem. Example: `{ code: 'iommu-off', message: 'IOMMU is off: the kernel made no IOMMU
 * groups', blocks: 'passthrough' }`.
 */
export interface HostProblem extends Reason {
  blocks: ProblemReach;
}

/** Code of the one problem in which nothing can be done to a host's guests. */
export const hypervisorSilent = 'hypervisor-silent';

/** The problems that keep a server with these requests from the host. Empty: none does. */
export function blockingProblems(
  problems: readonly HostProblem[],
  requests: readonly PciRequest[],
): HostProblem[] {
  if (problems.length === 0) return [];
  // What needs an interface is met with a device that stays with the host, under a tap.
  const getsDevice = requests.some(({ needsInterface }) => !needsInterface);
  return problems.filter(
    ({ blocks }) => blocks === 'all' || (blocks === 'passthrough' && getsDevice),
  );
}

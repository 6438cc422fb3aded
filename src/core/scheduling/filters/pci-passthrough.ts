/**
 * Refuses a host whose pools cannot satisfy all PCI requests of the server together, where its NUMA
 * cells fit. Source: the seed, S9; Nova `PciPassthroughFilter`, `NUMATopologyFilter`.
 */
import { canSupport, supports } from '../../pci/claims/support.ts';
import type { Filter } from '../filter.ts';
import { fitTogether } from '../pci-fit.ts';

export const pciPassthrough: Filter = {
  name: 'pci',
  isIdle: ({ pciRequests }) => pciRequests.length === 0,
  passes(host, spec) {
    if ((spec.numa ?? null) !== null) return this.check(host, spec).length === 0;
    return supports(host.pools, spec.pciRequests);
  },
  check(host, { pciRequests, numa = null }) {
    if (pciRequests.length === 0) return [];
    const { pools, numa: hostNuma = { nodes: [], claims: [] } } = host;
    const verdict = fitTogether(
      { guest: numa, host: hostNuma, pools, requests: pciRequests },
      (placement) => canSupport(pools, pciRequests, placement),
    );
    return verdict.ok ? [] : verdict.reasons;
  },
};

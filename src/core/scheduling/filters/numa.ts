/**
 * Refuses a host on whose NUMA nodes the guest's cells do not fit, regardless of the requested
 * devices. Source: Nova `NUMATopologyFilter`.
 */
import type { Filter } from '../filter.ts';
import { fitTogether } from '../pci-fit.ts';

export const numaTopology: Filter = {
  name: 'numa',
  isIdle: ({ numa = null }) => numa === null,
  check(host, { numa = null }) {
    if (numa === null) return [];
    const { pools, numa: hostNuma = { nodes: [], claims: [] } } = host;
    const verdict = fitTogether({ guest: numa, host: hostNuma, pools, requests: [] }, () => ({
      ok: true,
    }));
    return verdict.ok ? [] : verdict.reasons;
  },
};

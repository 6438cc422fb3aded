/** Refuses a host whose pools cannot satisfy all PCI requests of the server together. Source: the seed, S9; Nova `PciPassthroughFilter`. */
import { canSupport } from '../../pci/support.ts';
import type { Filter } from '../filter.ts';

export const pciPassthrough: Filter = {
  name: 'pci',
  check(host, { pciRequests }) {
    if (pciRequests.length === 0) return [];
    const verdict = canSupport(host.pools, pciRequests);
    return verdict.ok ? [] : verdict.reasons;
  },
};

/** The seed's view of the pools: free devices by physical network, product and vendor. */
import { compareText } from '../../compare-text.ts';
import type { PciDevicePool } from './pool.ts';

/**
 * One line of the roll-up. `physicalNetwork` null: its devices carry no such tag, or an empty one.
 */
export interface PciStatsEntry {
  physicalNetwork: string | null;
  productId: string;
  vendorId: string;
  count: number;
}

/**
 * The roll-up of a host's pools, in order of network (null last), product and vendor. Example: two
 * pools of 3 and 4 VFs 8086:10ca on physnet1 → `[{ physicalNetwork: 'physnet1', productId: '10ca',
 * vendorId: '8086', count: 7 }]`. Source: the seed, "PCI stats".
 */
export function statsEntries(pools: readonly PciDevicePool[]): PciStatsEntry[] {
  const entries = new Map<string, PciStatsEntry>();
  for (const { tags, productId, vendorId, count } of pools) {
    const physicalNetwork = tags['physical_network'] ?? null;
    const key = JSON.stringify([physicalNetwork === null, physicalNetwork, productId, vendorId]);
    const entry = entries.get(key) ?? { physicalNetwork, productId, vendorId, count: 0 };
    entries.set(key, { ...entry, count: entry.count + count });
  }
  return [...entries]
    .toSorted(([one], [other]) => compareText(one, other))
    .map(([, entry]) => entry);
}

/** Example: `physnet1, 10ca, 8086 : 7`; without a physical network: `-, 10ca, 8086 : 7`. */
export function printStatsEntry(entry: PciStatsEntry): string {
  return `${entry.physicalNetwork ?? '-'}, ${entry.productId}, ${entry.vendorId} : ${entry.count}`;
}

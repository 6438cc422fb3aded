/** What on the host itself uses the VFs of a PF: all are removed when their number changes. */
import type { PciBus } from '#contracts/host/pci-bus.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';

/**
 * In plain English. Example: `['0000:01:10.0: its interface enp1s0v0 is a port of bridge br9: ip
 * link set enp1s0v0 nomaster']`.
 */
export async function vfUses(
  pciBus: Pick<PciBus, 'listFunctions' | 'deviceFacts'>,
  pf: PciAddress,
): Promise<string[]> {
  const { functions } = await pciBus.listFunctions();
  const uses: string[] = [];
  for (const { address, parentAddress } of functions) {
    if (parentAddress !== pf) continue;
    const facts = await pciBus.deviceFacts(address);
    uses.push(...facts.uses.map((use) => `${address}: ${use}`));
  }
  return uses;
}

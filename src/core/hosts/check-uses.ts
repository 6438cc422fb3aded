/**
 * Does the host itself use devices that it offers? Every start with one of them would be refused.
 */
import type { PciAddress } from '../pci/devices/address.ts';
import type { PciFunction } from '../pci/devices/device.ts';
import { type HostCheck, report } from './host-check.ts';

/**
 * `uses`: as text with how to end each, by address. A host commonly uses the PF of the VFs that it
 * offers: only such a PF itself cannot be handed over. Example: `0000:01:10.0: its interface
 * enp1s0v0 is a port of bond bond0: ip link set enp1s0v0 nomaster (and 1 more)`.
 */
export function checkUses(
  offered: readonly PciFunction[],
  uses: ReadonlyMap<PciAddress, readonly string[]>,
): HostCheck[] {
  if (offered.length === 0) return [];
  const row = report('Use by this host', 'device-used-by-host');
  const used = offered.filter(({ address }) => uses.has(address));
  const parents = new Set(offered.map(({ parentAddress }) => parentAddress));
  const [first, ...more] = used.filter(({ address }) => !parents.has(address));
  if (first !== undefined) {
    const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
    return [
      row.warn(
        `${first.address}: ${uses.get(first.address)?.[0]}${others}`,
        'end the use, or take the device out of the device specs; novella pci check shows all',
      ),
    ];
  }
  if (used.length === 0) return [row.ok(`none of ${offered.length} offered devices`)];
  const names = used.map(({ address, ifname }) => ifname ?? address).join(', ');
  return [row.ok(`only PFs of offered VFs (${names}), which no server can claim`)];
}

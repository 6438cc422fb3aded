/** Removes the MAC of a guest from a VF, however its driver handles a MAC of zeros. */
import { randomBytes } from 'node:crypto';
import type { PciBus } from '#contracts/host/pci-bus.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import { noMac, type VfChange } from '#core/pci/vf/vf-settings.ts';

/**
 * Makes the change, and returns the MAC that is written. Some drivers refuse "none set" (bnx2x,
 * be2net, qede, cxgb4): the VF gets its own MAC then, or, where it is not known, an unused one.
 * Throws `unavailable` for what is refused all the same.
 */
export async function setVfClearingMac(
  pciBus: PciBus,
  address: PciAddress,
  change: VfChange,
  ownMacAddress: string | null,
): Promise<VfChange> {
  try {
    await pciBus.applyVfStep({ do: 'set-vf', address, change });
    return change;
  } catch (error) {
    if (change.macAddress !== noMac) throw error;
    const substitute = { ...change, macAddress: ownMacAddress ?? randomMac() };
    await pciBus.applyVfStep({ do: 'set-vf', address, change: substitute });
    return substitute;
  }
}

/** A locally administered unicast address. Example: `4e:0f:21:9a:03:77`. */
function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = (bytes.readUInt8(0) & 0xfc) | 2;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/**
 * The functions of a host as far as its device rows show: for use without a request to the host.
 */
import type { PciDevice } from '../devices/device.ts';
import type { HostFunction } from './device-spec.ts';

/**
 * The devices, and the PFs that only their VFs name: so that an entry for a PF's interface finds
 * its VFs even where the PF is not offered. Example: VF 0000:01:10.0 of 0000:01:00.0 (enp1s0) →
 * both.
 */
export function hostFunctionsOf(devices: readonly PciDevice[]): HostFunction[] {
  const known = new Map<string, HostFunction>(devices.map((device) => [device.address, device]));
  for (const device of devices) {
    const { parentAddress, parentIfname, otherParentIfnames, vendorId, productId } = device;
    if (parentAddress === null || known.has(parentAddress)) continue;
    known.set(parentAddress, {
      address: parentAddress,
      deviceType: 'type-PF',
      ifname: parentIfname,
      ...(otherParentIfnames !== undefined && { otherIfnames: otherParentIfnames }),
      vendorId,
      // In no row; no entry can state it.
      productId: '',
      vfProductId: productId,
    });
  }
  return [...known.values()];
}

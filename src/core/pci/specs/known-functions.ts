/**
 * The functions of a host as far as its device rows show: for use without a request to the host.
 */
import type { PciFunction } from '../devices/device.ts';
import type { HostFunction } from './device-spec.ts';
import type { LeftOutFunction } from './host-offer.ts';

/**
 * The devices of a host that its list offers, and the PFs and VFs that it leaves out, as the agent
 * reported them: of these only what names and numbers them is known.
 */
export function withLeftOut(
  offered: readonly PciFunction[],
  leftOut: readonly LeftOutFunction[],
): PciFunction[] {
  const known = new Set(offered.map(({ address }) => address));
  const interfaces = new Map([...offered, ...leftOut].map((fn) => [fn.address, fn.ifname]));
  const others = leftOut
    .filter(({ address }) => !known.has(address))
    .map((fn): PciFunction => {
      const { nearest: _, vfNum, ...facts } = fn;
      const parent = facts.parentAddress;
      return {
        ...facts,
        parentIfname: parent === null ? null : (interfaces.get(parent) ?? null),
        macAddress: null,
        capabilities: vfNum === null ? {} : { sriov: { vfNum } },
      };
    });
  return [...offered, ...others];
}

/**
 * The devices, and the PFs that only their VFs name: so that an entry for a PF's interface finds
 * its VFs even where the PF is not offered. Example: VF 0000:01:10.0 of 0000:01:00.0 (enp1s0) →
 * both.
 */
export function hostFunctionsOf(devices: readonly PciFunction[]): HostFunction[] {
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

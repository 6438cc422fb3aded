/**
 * A macvtap is made over the VF's own network interface: a VF without one (bound to vfio-pci, or to
 * no driver) cannot serve it. Pools do not record interfaces, so this is checked when exact devices
 * are chosen.
 */
import type { PciDevice } from '../devices/device.ts';
import type { PciRequest } from './request.ts';

/** The tag that a device with an interface has while devices are chosen; no operator wrote it. */
export const interfaceTag = 'has_interface';

/**
 * Devices and requests in which the need is a tag like any other. Example: a macvtap request beside
 * two VFs, one of them without interface → only the other matches. Unchanged when no request has
 * the need.
 */
export function withInterfaceTags<
  Input extends { devices: readonly PciDevice[]; requests: readonly PciRequest[] },
>(input: Input): Input {
  if (!input.requests.some(({ needsInterface }) => needsInterface)) return input;
  const devices = input.devices.map(withInterfaceTag);
  return { ...input, devices, requests: requiringInterfaces(input.requests) };
}

/** The device, with the tag where it has an interface. */
export function withInterfaceTag(device: PciDevice): PciDevice {
  if (device.ifname === null) return device;
  return { ...device, tags: { ...device.tags, [interfaceTag]: 'true' } };
}

/** The requests, those that need an interface with the tag in each of their specs. */
export function requiringInterfaces(requests: readonly PciRequest[]): PciRequest[] {
  return requests.map((request) =>
    request.needsInterface
      ? { ...request, spec: request.spec.map((one) => ({ ...one, [interfaceTag]: 'true' })) }
      : request,
  );
}

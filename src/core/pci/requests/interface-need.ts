/**
 * A macvtap is made over the VF's own network interface: a VF without one (bound to vfio-pci, or to
 * no driver) cannot serve it. Pools do not know interfaces, so this is asked when exact devices are
 * chosen.
 */
import type { PciDevice } from '../devices/device.ts';
import type { PciRequest } from './request.ts';

const need = 'needs_interface';
/** The tag that such a device then has; no operator wrote it. */
export const interfaceTag = 'has_interface';

/** The request, to be met only by a device that has a network interface. */
export function needingInterface(request: PciRequest): PciRequest {
  return { ...request, spec: request.spec.map((one) => ({ ...one, [need]: 'True' })) };
}

/** Is it such a request? What it is met with stays with the host, under a tap. */
export function needsInterface({ spec }: PciRequest): boolean {
  return spec.some((one) => need in one);
}

/**
 * Devices and requests in which the need is a tag like any other. Example: a macvtap request beside
 * two VFs, one of them without interface → only the other matches. Unchanged when no request has
 * the need.
 */
export function withInterfaceTags<
  Input extends { devices: readonly PciDevice[]; requests: readonly PciRequest[] },
>(input: Input): Input {
  if (!input.requests.some(needsInterface)) return input;
  const devices = input.devices.map((device) =>
    device.ifname === null
      ? device
      : { ...device, tags: { ...device.tags, [interfaceTag]: 'true' } },
  );
  const requests = input.requests.map((request) => ({
    ...request,
    spec: request.spec.map(({ [need]: needed, ...rest }) =>
      needed === undefined ? rest : { ...rest, [interfaceTag]: 'true' },
    ),
  }));
  return { ...input, devices, requests };
}

/** Requests for devices that the hypervisor can send to another host with a running guest. */
import type { DeviceTags } from '../devices/device.ts';
import type { PciRequest } from './request.ts';

const tag = 'live_migratable';

/** Did the operator mark the device so? Source: Nova, `live_migratable` of `[pci] device_spec`. */
export function isMigratable({ tags }: { tags: DeviceTags }): boolean {
  return tags[tag] === 'true';
}

/** Must the device be one? */
export function needsMigratable({ spec }: Pick<PciRequest, 'spec'>): boolean {
  return spec.length > 0 && spec.every((each) => each[tag] === 'true');
}

/** The request of a port for any device, or only for one of these. */
export function withMigratableNeed(request: PciRequest, isNeeded: boolean): PciRequest {
  const spec = request.spec.map((each) => ({
    ...Object.fromEntries(Object.entries(each).filter(([key]) => key !== tag)),
    ...(isNeeded && { [tag]: 'true' }),
  }));
  return { ...request, spec };
}

/**
 * Which server holds which device. Functions take all devices of a host and return only the rows
 * that change; the store commits them. One rule couples a PF and its VFs: while one side is held,
 * the other cannot be taken. Source: Nova `PciDevice.claim`, `allocate`, `free`.
 */
import { isSame } from '../../is-same.ts';
import { ComputeError } from '../../errors.ts';
import type { DeviceAssignment } from './allocate.ts';
import type { PciDevice, PciDeviceStatus } from '../devices/device.ts';

/**
 * The rows after these devices are claimed for the server: the devices and those they hide. Throws
 * `conflict` naming the device, when one is unknown, not available, or hidden by another of the
 * same claim. Example: one VF of a PF → the VF claimed, the PF unclaimable.
 */
export function claimDevices(
  devices: readonly PciDevice[],
  assignments: readonly DeviceAssignment[],
  serverId: string,
): PciDevice[] {
  let now = devices;
  for (const { address, requestId } of assignments) {
    const status = now.find((device) => device.address === address)?.status ?? 'not offered';
    if (status !== 'available') {
      throw new ComputeError(
        'conflict',
        `PCI device ${address} is ${status}; only an available one can be claimed`,
      );
    }
    now = settle(
      now.map((device) =>
        device.address === address ? { ...device, status: 'claimed', serverId, requestId } : device,
      ),
    );
  }
  return replacedRows(devices, now);
}

/**
 * The rows after the server's claim is made final, once its guest runs: claimed → allocated,
 * unclaimable → unavailable.
 */
export function allocateClaimed(devices: readonly PciDevice[], serverId: string): PciDevice[] {
  const now = devices.map((device) =>
    device.serverId === serverId && device.status === 'claimed'
      ? { ...device, status: 'allocated' as const }
      : device,
  );
  return replacedRows(devices, settle(now));
}

/**
 * The rows after the server releases all its devices. What they hid is available again unless
 * another held device hides it too; a device that its host no longer reports becomes `removed`, one
 * replaced by another device becomes that device. No row changes when the server holds nothing.
 * `isFreed`: only those of these requests.
 */
export function freeDevices(
  devices: readonly PciDevice[],
  serverId: string,
  isFreed: (requestId: string | null) => boolean = () => true,
): PciDevice[] {
  const now = devices.map((device) =>
    device.serverId === serverId && isFreed(device.requestId) ? givenBack(device) : device,
  );
  return replacedRows(devices, settle(now));
}

/** It is replaced by the device that its host has since found at its address. */
function givenBack({ found, ...device }: PciDevice): PciDevice {
  const unheld = { serverId: null, requestId: null };
  if (found !== undefined) {
    return { ...found.function, tags: found.tags, status: 'available', ...unheld };
  }
  return { ...device, status: device.status === 'missing' ? 'removed' : 'available', ...unheld };
}

/** Is the device held by a server (claimed, allocated, or held and missing)? */
export function isHeld(device: Pick<PciDevice, 'serverId'>): boolean {
  return device.serverId !== null;
}

/**
 * The devices, with the status of every device that no server holds set by the coupling rule:
 * unclaimable while its PF or a VF of it is only claimed, unavailable while one is allocated, else
 * available. One that its host could not clean, and each VF of such a PF, is unavailable too.
 * Devices marked removed stay so.
 */
export function settle(devices: readonly PciDevice[]): PciDevice[] {
  const held = devices.filter(isHeld);
  const byAddress = new Map(held.map((device) => [device.address, device]));
  const byParent = Map.groupBy(held, (device) => device.parentAddress);
  const quarantined = new Set(devices.filter(isQuarantined).map(({ address }) => address));
  return devices.map((device) => {
    if (isHeld(device) || device.status === 'removed') return device;
    const parent = device.parentAddress === null ? undefined : byAddress.get(device.parentAddress);
    const holders = [...(byParent.get(device.address) ?? []), ...(parent ? [parent] : [])];
    const isBarred =
      quarantined.has(device.address) ||
      (device.parentAddress !== null && quarantined.has(device.parentAddress));
    const status = isBarred ? 'unavailable' : coupledStatus(holders);
    return status === device.status ? device : { ...device, status };
  });
}

function isQuarantined({ quarantine }: PciDevice): boolean {
  return quarantine !== undefined;
}

function coupledStatus(holders: readonly PciDevice[]): PciDeviceStatus {
  if (holders.length === 0) return 'available';
  return holders.every((holder) => holder.status === 'claimed') ? 'unclaimable' : 'unavailable';
}

/** The rows of `after` that are not the identical object at the same index of `before`. */
function replacedRows(before: readonly PciDevice[], after: readonly PciDevice[]): PciDevice[] {
  return after.filter((device, at) => device !== before[at]);
}

/** The rows of `after` that are new or differ from `before`. */
export function changedRows(
  before: readonly PciDevice[],
  after: readonly PciDevice[],
): PciDevice[] {
  const known = new Map(before.map((device) => [device.address, device]));
  return after.filter((device) => {
    const old = known.get(device.address);
    return old !== device && (old === undefined || !isSame(old, device));
  });
}

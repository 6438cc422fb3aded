/**
 * Builds the guest of a server whose ports are bound, and verifies that ports and claimed devices
 * agree.
 */
import type { BindingProfile } from '../networking/port.ts';
import { takesDeviceType } from '../networking/vnic-types.ts';
import type { PciDevice } from '../pci/devices/device.ts';
import type { NumaShare } from '../scheduling/numa-fit.ts';
import type { Reason, Verdict } from '../reason.ts';
import type { Server, ServerNic } from '../servers/server.ts';
import { configDriveFiles, hasConfigDrive } from './description/config-drive.ts';
import { type Guest, type GuestNic, type GuestRescue, isPciNic } from './description/guest.ts';
import { guestHardware } from './description/guest-hardware.ts';
import { guestKernel } from './description/guest-kernel.ts';
import { guestName } from './description/guest-name.ts';
import type { NicOptions } from './nics/nic-frontend.ts';
import { planGuestNic } from './nics/plan-nic.ts';

/**
 * `devices`: those that the server holds on its host; `zone`: the host's availability zone, shown
 * to the guest.
 */
export interface GuestParts {
  server: Server;
  zone: string;
  devices: readonly PciDevice[];
  /** Its shares of the host's NUMA nodes; none without a topology. */
  numa?: NumaShare[];
  /** The image that it starts from to be repaired. */
  rescue?: RescueImage;
}

/** `properties`: as those of a server's image. */
export interface RescueImage {
  id: string;
  properties: Record<string, string>;
}

/**
 * The guest of a server. Refuses when a NIC has no VIF, when its VIF cannot be plugged, or when the
 * device in its port is not the one claimed for its PCI request; all such reasons at once. Devices
 * that no NIC requested are passed through as they are. Source: the seed, "pci-request-id" (the id
 * links device and NIC).
 */
export function buildGuest(parts: GuestParts): Verdict<{ guest: Guest }> {
  const { server, devices } = parts;
  const options: NicOptions = {
    vcpus: server.flavor.vcpus,
    extraSpecs: server.flavor.extraSpecs,
    imageProperties: server.imageProperties,
    rxQueueSize: null,
    txQueueSize: null,
    maxQueues: null,
  };
  const nics: GuestNic[] = [];
  const reasons: Reason[] = [];
  for (const nic of server.nics.toSorted((a, b) => a.position - b.position)) {
    const verdict = planNic(nic, devices, options);
    if (verdict.ok) nics.push(verdict.nic);
    else reasons.push(...verdict.reasons);
  }
  const board = guestHardware(server.imageProperties);
  if (!board.ok) reasons.push(...board.reasons);
  const rescue = parts.rescue === undefined ? undefined : rescueFrom(parts.rescue);
  if (rescue?.ok === false) reasons.push(...rescue.reasons);
  if (!board.ok || rescue?.ok === false || reasons.length > 0) return { ok: false, reasons };
  const ofNics = new Set(server.nics.map((nic) => nic.pciRequestId));
  return {
    ok: true,
    guest: {
      id: server.id,
      name: guestName(server.serial),
      title: server.name,
      projectId: server.projectId,
      flavorName: server.flavor.name,
      vcpus: server.flavor.vcpus,
      memoryMib: server.flavor.memoryMib,
      diskGib: server.flavor.diskGib,
      imageId: server.imageId,
      kernel: guestKernel(server),
      configDrive: hasConfigDrive(server) ? configDriveFiles(server, parts.zone) : null,
      nics,
      hardware: board.hardware,
      ...(rescue !== undefined && { rescue: rescue.rescue }),
      ...(parts.numa !== undefined && parts.numa.length > 0 && { numa: parts.numa }),
      hostDevices: devices.flatMap(({ address, requestId, tags }) => {
        if (requestId === null || ofNics.has(requestId)) return [];
        return [{ address, requestId, ...(tags['managed'] === 'false' && unmanaged) }];
      }),
    },
  };
}

/**
 * Source: Nova, `managed` of `[pci] device_spec`: `no` leaves the device with the driver that the
 * operator gave it.
 */
const unmanaged = { isUnmanaged: true } as const;

function planNic(
  nic: ServerNic,
  devices: readonly PciDevice[],
  options: NicOptions,
): Verdict<{ nic: GuestNic }> {
  if (nic.vif === null) {
    return no('nic-not-bound', `NIC ${nic.position} (port ${nic.portId ?? 'none'}): not bound yet`);
  }
  const verdict = planGuestNic(nic.vif, options);
  if (!verdict.ok) return verdict;
  const problem = deviceProblem(nic, verdict.nic, devices);
  return problem === undefined ? verdict : no('device-mismatch', problem);
}

/**
 * Differences between the device in the port's binding and the one claimed for the NIC's request.
 */
function deviceProblem(
  nic: ServerNic,
  planned: GuestNic,
  devices: readonly PciDevice[],
): string | undefined {
  const name = `NIC ${nic.position} (port ${planned.portId})`;
  const inPort = isPciNic(planned) ? planned.address : null;
  const vnicType = nic.vif?.vnicType;
  if (nic.pciRequestId === null) {
    return inPort === null ? undefined : `${name}: names device ${inPort} but requested none`;
  }
  const claimed = devices.filter((device) => device.requestId === nic.pciRequestId);
  const [device] = claimed;
  if (device === undefined || claimed.length > 1) {
    return `${name}: PCI request ${nic.pciRequestId} holds ${claimed.length} devices, must hold 1`;
  }
  if (inPort !== null && inPort !== device.address) {
    return `${name}: its port names ${inPort}, but ${device.address} is claimed for PCI request ${nic.pciRequestId}`;
  }
  if (vnicType !== undefined && !takesDeviceType(vnicType, device.deviceType)) {
    return `${name}: is bound as ${vnicType}, which cannot take ${device.address} (${device.deviceType})`;
  }
  const differences = nic.vif === null ? [] : profileDifferences(nic.vif.profile, device);
  if (differences.length === 0) return undefined;
  return `${name}: PCI device ${device.address} is not what the port was bound to: ${differences.join(', ')}; delete the server, or put the card back`;
}

/**
 * The port's binding is kept even if the host changes. A key that the port lacks is not compared.
 */
function profileDifferences(profile: BindingProfile, device: PciDevice): string[] {
  const now = {
    pci_vendor_info: `${device.vendorId}:${device.productId}`,
    physical_network: device.tags['physical_network'] ?? null,
  };
  return Object.entries(now).flatMap(([key, value]) => {
    const bound = profile[key];
    if (bound === undefined || bound === value) return [];
    const was = typeof bound === 'string' ? bound : JSON.stringify(bound);
    return [`${key} was ${was}, is ${value ?? 'none'}`];
  });
}

function rescueFrom({ id, properties }: RescueImage): Verdict<{ rescue: GuestRescue }> {
  const board = guestHardware(properties);
  if (!board.ok) return board;
  const kernel = guestKernel({ imageProperties: properties });
  return { ok: true, rescue: { imageId: id, kernel, hardware: board.hardware } };
}

function no(code: string, message: string): { ok: false; reasons: Reason[] } {
  return { ok: false, reasons: [{ code, message }] };
}

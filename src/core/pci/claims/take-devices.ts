/** One server's devices on one host, chosen and claimed. */
import type { Verdict } from '../../reason.ts';
import { requiringInterfaces, withInterfaceTags } from '../requests/interface-need.ts';
import type { PciDevice } from '../devices/device.ts';
import {
  allocateDevices,
  allocateFrom,
  type AllocationInput,
  type DeviceAssignment,
} from './allocate.ts';
import { claimDevices } from './claim.ts';
import { HostDevices } from './host-devices.ts';

/** As `AllocationInput`; devices that are kept between claims cost only what is taken of them. */
interface TakingInput extends Omit<AllocationInput, 'devices'> {
  devices: readonly PciDevice[] | HostDevices;
}

/**
 * All requests together or none: the host's device rows that change when this server takes what it
 * requests, or why it cannot. Nothing is stored. Example: one VF of a PF → that VF `claimed`, its
 * PF `unclaimable`; no requests → no rows. Fields and rule as in `allocateDevices`.
 */
export function takeDevices(
  input: TakingInput,
  serverId: string,
): Verdict<{ changed: PciDevice[] }> {
  const { devices } = input;
  const allocation = allocate(input);
  if (!allocation.ok) return allocation;
  const { assignments } = allocation;
  const touched = devices instanceof HostDevices ? devices.touchedBy(assignments) : devices;
  return { ok: true, changed: claimDevices(touched, assignments, serverId) };
}

function allocate({
  devices,
  ...input
}: TakingInput): Verdict<{ assignments: DeviceAssignment[] }> {
  if (!(devices instanceof HostDevices)) {
    return allocateDevices(withInterfaceTags({ ...input, devices }));
  }
  const { requests, numaCells = [], hostNuma = [], preference } = input;
  const byInterface = requests.some(({ needsInterface }) => needsInterface);
  return allocateFrom(
    devices.groups(byInterface),
    byInterface ? requiringInterfaces(requests) : requests,
    { cells: numaCells, host: hostNuma },
    preference,
  );
}

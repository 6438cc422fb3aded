/** One server's devices on one host, chosen and claimed. */
import type { Verdict } from '../../reason.ts';
import { type AllocationInput, allocateDevices } from './allocate.ts';
import { claimDevices } from './claim.ts';
import type { PciDevice } from '../devices/device.ts';
import { withInterfaceTags } from '../requests/interface-need.ts';

/**
 * All requests together or none: the host's device rows that change when this server takes what it
 * requests, or why it cannot. Nothing is stored. Example: one VF of a PF → that VF `claimed`, its
 * PF `unclaimable`; no requests → no rows. Fields and rule as in `allocateDevices`.
 */
export function takeDevices(
  input: AllocationInput,
  serverId: string,
): Verdict<{ changed: PciDevice[] }> {
  const allocation = allocateDevices(withInterfaceTags(input));
  if (!allocation.ok) return allocation;
  return { ok: true, changed: claimDevices(input.devices, allocation.assignments, serverId) };
}

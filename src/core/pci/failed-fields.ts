/** Why one entry does not admit one device, field by field, and which entry comes nearest to a device that none admits. */
import { isAnyAddress } from './address-pattern.ts';
import type { PciFunction } from './device.ts';
import {
  type DeviceSpec,
  type HostFunction,
  hasCardSerial,
  isPlacedRight,
  isRemoteManaged,
} from './device-spec.ts';

/** The keys of an entry that can fail. */
export type SpecField = 'vendor_id' | 'product_id' | 'address' | 'devname' | 'remote_managed';

/** An entry's view of a device that it does not admit. */
export interface NearMiss {
  spec: DeviceSpec;
  failed: SpecField[];
}

/** The keys of the entry that the device fails; empty when the entry, looked at alone, admits it. */
export function failedFields(
  spec: DeviceSpec,
  fn: PciFunction,
  hostFunctions: readonly HostFunction[],
): SpecField[] {
  const failed: SpecField[] = [];
  if (spec.vendorId !== '*' && spec.vendorId !== fn.vendorId) failed.push('vendor_id');
  if (spec.productId !== '*' && spec.productId !== fn.productId) failed.push('product_id');
  if (!isPlacedRight(spec, fn, hostFunctions)) {
    failed.push(spec.devname === null ? 'address' : 'devname');
  }
  if (isRemoteManaged(spec) && !hasCardSerial(fn)) failed.push('remote_managed');
  return failed;
}

/**
 * The entry that the device fails in the fewest keys while at least one key that the entry states holds; the first of equal ones.
 * Example: 8086:10c9 and an entry for 8086:10ca → `{ failed: ['product_id'] }`. undefined: no entry has anything in common with it.
 */
export function nearestEntry(
  specs: readonly DeviceSpec[],
  fn: PciFunction,
  hostFunctions: readonly HostFunction[],
): NearMiss | undefined {
  let nearest: NearMiss | undefined;
  for (const spec of specs) {
    const failed = failedFields(spec, fn, hostFunctions);
    if (failed.length >= statedFields(spec)) continue;
    if (nearest === undefined || failed.length < nearest.failed.length) nearest = { spec, failed };
  }
  return nearest;
}

function statedFields(spec: DeviceSpec): number {
  const stated = [
    spec.vendorId !== '*',
    spec.productId !== '*',
    spec.devname !== null || !isAnyAddress(spec.address),
    isRemoteManaged(spec),
  ];
  return stated.filter(Boolean).length;
}

/**
 * Why one entry does not admit one device, field by field, and which entry is nearest to a device
 * that none admits.
 */
import {
  type AddressField,
  addressFields,
  failedAddressParts,
  isAnyAddress,
  statedAddressPart,
} from '../devices/address-pattern.ts';
import type { PciFunction } from '../devices/device.ts';
import {
  type DeviceSpec,
  type HostFunction,
  hasCardSerial,
  isPlacedRight,
  isRemoteManaged,
} from './device-spec.ts';

/**
 * The keys of an entry that can fail. `address.function` etc.: only this part of the address fails.
 */
export type SpecField =
  | 'vendor_id'
  | 'product_id'
  | 'address'
  | `address.${AddressField}`
  | 'devname'
  | 'remote_managed';

/** An entry and the keys of it that a device fails. */
export interface NearMiss {
  spec: DeviceSpec;
  failed: SpecField[];
}

/** An entry with the function that it names, as `namedFinder` finds it. */
export interface NamingEntry {
  spec: DeviceSpec;
  named: readonly HostFunction[];
}

/** The keys of the entry that the device fails; empty when the entry on its own admits it. */
export function failedFields(
  spec: DeviceSpec,
  fn: PciFunction,
  hostFunctions: readonly HostFunction[],
): SpecField[] {
  const failed: SpecField[] = [];
  if (spec.vendorId !== '*' && spec.vendorId !== fn.vendorId) failed.push('vendor_id');
  if (spec.productId !== '*' && spec.productId !== fn.productId) failed.push('product_id');
  if (!isPlacedRight(spec, fn, hostFunctions)) {
    failed.push(spec.devname === null ? failedAddress(spec, fn) : 'devname');
  }
  if (isRemoteManaged(spec) && !hasCardSerial(fn)) failed.push('remote_managed');
  return failed;
}

/**
 * The entry that the device fails in the fewest keys while at least one stated key matches; of
 * equals the first. One part of an address counts half a key; where only the rest of that address
 * matches, one and a half. Examples: 8086:10c9 and an entry for 8086:10ca → `{ failed:
 * ['product_id'] }`; 0000:02:10.2 and an entry for 0000:02:10.0 → `{ failed: ['address.function']
 * }`. undefined: no entry has anything in common with it.
 */
export function nearestEntry(
  entries: readonly NamingEntry[],
  fn: PciFunction,
): NearMiss | undefined {
  let nearest: NearMiss | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const { spec, named } of entries) {
    const failed = failedFields(spec, fn, named);
    const distance = distanceOf(spec, failed);
    if (distance >= least) continue;
    nearest = { spec, failed };
    least = distance;
  }
  return nearest;
}

/** Infinite: no stated key matches, or too few do. */
function distanceOf(spec: DeviceSpec, failed: readonly SpecField[]): number {
  const hasPart = failed.some((field) => field.startsWith('address.'));
  if (failed.length < statedFields(spec)) return failed.length - (hasPart ? 0.5 : 0);
  return hasPart && failed.length === 1 ? 1.5 : Number.POSITIVE_INFINITY;
}

/** A matching domain means nothing: most hosts have only one. */
function failedAddress({ address }: DeviceSpec, fn: PciFunction): SpecField {
  const [part, ...more] = failedAddressParts(address, fn.address);
  if (part === undefined || more.length > 0) return 'address';
  const hasHolding = addressFields.some(
    (field) =>
      field !== part && field !== 'domain' && statedAddressPart(address.written, field) !== '',
  );
  return hasHolding ? `address.${part}` : 'address';
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

/**
 * Device specs: the operator's rules for which devices servers may have, and with which tags.
 * Parsing is in `parse-device-specs.ts`.
 */
import { type AddressPattern, matchesAddress } from '../devices/address-pattern.ts';
import { isTrue } from '../devices/boolean-text.ts';
import type { DeviceTags, PciFunction } from '../devices/device.ts';
import { hasIfname, ifnamesOf } from '../devices/interface-names.ts';

/**
 * One entry of the device list. Ids are four lower-case hex digits or `*`. `devname` set: `address`
 * names everything.
 */
export interface DeviceSpec {
  /** Its index over all lines and lists. */
  entry: number;
  /** Where it was written. Example: `novella.yaml:12 pci.device_spec[1]`. */
  source: string;
  vendorId: string;
  productId: string;
  address: AddressPattern;
  /** A network interface of the host, PF or VF. */
  devname: string | null;
  tags: DeviceTags;
  /** What the operator should know about an accepted entry. */
  warnings: string[];
}

/** The fields of every host function that are needed to match one of them. */
export type HostFunction = Pick<
  PciFunction,
  'address' | 'deviceType' | 'ifname' | 'vendorId' | 'productId'
> &
  Pick<PciFunction, 'vfProductId' | 'otherIfnames'>;

/** The entry that admits a device. */
export interface DeviceMatch {
  spec: DeviceSpec;
  tags: DeviceTags;
}

/**
 * Does this entry on its own admit the function? The first entry that does gives it its tags; one
 * that no entry admits is for no server. A literal address or a devname that is a PF's admits the
 * PF and all its VFs. `hostFunctions`: all functions of the host, to recognise PFs and find
 * devnames. Source: the seed, "PCI Whitelist"; Nova `PciDeviceSpec.match`.
 */
export function admits(
  spec: DeviceSpec,
  fn: PciFunction,
  hostFunctions: readonly HostFunction[],
): boolean {
  return (
    (spec.vendorId === '*' || spec.vendorId === fn.vendorId) &&
    (spec.productId === '*' || spec.productId === fn.productId) &&
    isPlacedRight(spec, fn, hostFunctions) &&
    (!isRemoteManaged(spec) || hasCardSerial(fn))
  );
}

/** Is the tag `remote_managed` set to a text for true? */
export function isRemoteManaged(spec: Pick<DeviceSpec, 'tags'>): boolean {
  return isTrue(spec.tags['remote_managed']);
}

/**
 * The single function that the entry names: by devname, or by an address without wildcards.
 * undefined when it names more or none.
 */
export function namedFunction(
  spec: DeviceSpec,
  hostFunctions: readonly HostFunction[],
): HostFunction | undefined {
  const { devname, address } = spec;
  if (devname !== null) return hostFunctions.find((one) => hasIfname(one, devname));
  if (address.exact === null) return undefined;
  return hostFunctions.find((one) => one.address === address.exact);
}

/**
 * `namedFunction` for many entries, as a list of at most one: of the host's functions all that
 * `admits` and `failedFields` need for that entry. Example: `namedFinder(functions)(spec)` for
 * devname `ens1f0` → the PF with that interface.
 */
export function namedFinder(
  hostFunctions: readonly HostFunction[],
): (spec: DeviceSpec) => readonly HostFunction[] {
  const byName = new Map<string, HostFunction>();
  const byAddress = new Map<string, HostFunction>();
  // Of two with the same name the first counts, as for `namedFunction`.
  for (const one of hostFunctions.toReversed()) {
    for (const name of ifnamesOf(one)) byName.set(name, one);
    byAddress.set(one.address, one);
  }
  return ({ devname, address }) => {
    const named = devname === null ? byAddress.get(address.exact ?? '') : byName.get(devname);
    return named === undefined ? [] : [named];
  };
}

/** Does the entry's address or devname name the function, or the PF of it? */
export function isPlacedRight(
  spec: DeviceSpec,
  fn: PciFunction,
  hostFunctions: readonly HostFunction[],
): boolean {
  if (spec.devname === null && matchesAddress(spec.address, fn.address)) return true;
  if (spec.devname === null && spec.address.exact !== fn.parentAddress) return false;
  const named = namedFunction(spec, hostFunctions);
  if (named === undefined) return false;
  return (
    named.address === fn.address ||
    (named.deviceType === 'type-PF' && named.address === fn.parentAddress)
  );
}

/**
 * A device that a SmartNIC manages is identified by its card's serial number; without it the device
 * cannot be addressed.
 */
export function hasCardSerial(fn: PciFunction): boolean {
  return (fn.capabilities.vpd?.cardSerialNumber ?? '') !== '';
}

/**
 * An entry for messages: its number is named once. Examples: `nova.conf:3` and 1 → `nova.conf:3:
 * entry 1`; `novella.yaml:3 pci.device_spec[1]` and 1 → that alone.
 */
export function placeOfEntry(source: string, entry: number): string {
  return source.endsWith(`[${entry}]`) ? source : `${source}: entry ${entry}`;
}

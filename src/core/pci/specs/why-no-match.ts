/** The likely reason why an entry admits nothing on a host: what an operator would check first. */
import { addressTexts, failedAddressParts } from '../devices/address-pattern.ts';
import type { PciFunction } from '../devices/device.ts';
import {
  type DeviceSpec,
  type HostFunction,
  isRemoteManaged,
  namedFunction,
} from './device-spec.ts';
import { ifnamesOf } from '../devices/interface-names.ts';

/** `code` is stable for programs. */
export interface NoMatch {
  code:
    | 'absent-netdev'
    | 'absent-address'
    | 'pf-without-vfs'
    | 'ids-swapped'
    | 'wrong-vendor'
    | 'wrong-product'
    | 'wrong-address'
    | 'no-card-serial';
  message: string;
}

/**
 * For an entry that admits none of the functions. Examples: `the host has no network interface
 * "enp9s0"; it has enp1s0, enp2s0`; `8086 is there as 8086:10c9 and 8086:10ca, not 8086:10cb`.
 */
export function whyNoMatch(
  spec: DeviceSpec,
  functions: readonly PciFunction[],
  hostFunctions: readonly HostFunction[] = functions,
): NoMatch {
  const named = namedFunction(spec, hostFunctions);
  if (spec.devname !== null && named === undefined) return absentNetdev(spec.devname, functions);
  if (named !== undefined) return whyNotNamed(spec, named, functions);
  const fitting = functions.filter((fn) => idsFit(spec, fn));
  if (fitting.length === 0) return whyIdsFail(spec, functions);
  return spec.address.exact === null
    ? whyAddressFails(spec, fitting, functions)
    : {
        code: 'absent-address',
        message: `no PCI function is at ${spec.address.exact}${elsewhere(spec, fitting)}`,
      };
}

function absentNetdev(devname: string, functions: readonly PciFunction[]): NoMatch {
  // A host may have hundreds of VFs; its PFs and plain cards are what an operator names.
  const present = functions.filter((fn) => fn.parentAddress === null && fn.ifname !== null);
  const names = listed(present.flatMap(ifnamesOf));
  const rest = names === '' ? 'its PCI functions have none' : `it has ${names}`;
  const message = `the host has no network interface "${devname}"; ${rest}`;
  return { code: 'absent-netdev', message };
}

/** The named function exists, so the ids or the card's serial number differ. */
function whyNotNamed(
  spec: DeviceSpec,
  named: HostFunction,
  functions: readonly PciFunction[],
): NoMatch {
  const vfs = functions.filter((fn) => fn.parentAddress === named.address);
  const group = functions.filter((fn) => fn.address === named.address).concat(vfs);
  if (group.some((fn) => idsFit(spec, fn))) return noCardSerial(spec, group);
  const isPf = named.deviceType === 'type-PF';
  const mayBeVfs = spec.productId !== '*' && spec.productId !== named.productId;
  if (isPf && vfs.length === 0 && mayBeVfs && isVfProduct(spec, named)) {
    return pfWithoutVfs(spec, named);
  }
  const label = named.ifname === null ? named.address : `${named.ifname} (${named.address})`;
  const ofVfs = vfs[0] === undefined ? '' : ` and its VFs are ${idsOf(vfs[0])}`;
  const code =
    spec.vendorId === '*' || spec.vendorId === named.vendorId ? 'wrong-product' : 'wrong-vendor';
  return {
    code,
    message: `${label} is ${idsOf(named)}${ofVfs}; the entry asks for ${specIds(spec)}`,
  };
}

function whyIdsFail(spec: DeviceSpec, functions: readonly PciFunction[]): NoMatch {
  const { vendorId, productId } = spec;
  const swapped = functions.filter((fn) => fn.vendorId === productId && fn.productId === vendorId);
  if (swapped[0] !== undefined) {
    const message = `vendor_id and product_id look swapped: ${idsOf(swapped[0])} is there (${counted(swapped.length)})`;
    return { code: 'ids-swapped', message };
  }
  const pf = functions.find(
    (fn) =>
      fn.vfProductId === productId &&
      [fn.vendorId, '*'].includes(vendorId) &&
      !functions.some((vf) => vf.parentAddress === fn.address),
  );
  if (pf !== undefined) return pfWithoutVfs(spec, pf);
  const ofVendor = functions.filter((fn) => vendorId === '*' || fn.vendorId === vendorId);
  if (ofVendor.length === 0) {
    const vendors = listed(functions.map((fn) => fn.vendorId));
    const message = `no PCI function has vendor_id ${vendorId}; there are ${vendors || 'no functions'}`;
    return { code: 'wrong-vendor', message };
  }
  const ids = listed(ofVendor.toSorted(byInterest).map(idsOf));
  const message =
    vendorId === '*'
      ? `no PCI function has product_id ${productId}; there are ${ids}`
      : `vendor ${vendorId} is there as ${ids}, not as ${vendorId}:${productId}`;
  return { code: 'wrong-product', message };
}

/** Which single part of the address keeps functions out. */
function whyAddressFails(
  spec: DeviceSpec,
  fitting: readonly PciFunction[],
  functions: readonly PciFunction[],
): NoMatch {
  const fails = (fn: PciFunction) => failedAddressParts(spec.address, fn.address);
  const placed = fitting.filter((fn) => fails(fn).length === 0);
  if (placed.length > 0) return noCardSerial(spec, placed);
  const address = `address ${JSON.stringify(spec.address.written)}`;
  const near = fitting.filter((fn) => fails(fn).length === 1);
  const [first] = near.map((fn) => fails(fn)[0]);
  if (first !== undefined) {
    const alike = near.filter((fn) => fails(fn)[0] === first);
    const values = listed(alike.map((fn) => addressTexts(fn.address)[first]));
    const message = `no ${what(spec)} is at ${address}; ${counted(alike.length)} would be with ${first} ${values}`;
    return { code: 'wrong-address', message };
  }
  const present = functions.filter((fn) => fails(fn).length === 0);
  const others = present.length === 0 ? '' : `; what is there is ${listed(present.map(idsOf))}`;
  const message = `no ${what(spec)} is at ${address}${others || elsewhere(spec, fitting)}`;
  return { code: 'wrong-address', message };
}

function noCardSerial(spec: DeviceSpec, placed: readonly PciFunction[]): NoMatch {
  const rule = isRemoteManaged(spec) ? ', which remote_managed needs' : '';
  const message = `${counted(placed.length)} would match, but none reports the serial number of its card${rule}`;
  return { code: 'no-card-serial', message };
}

function pfWithoutVfs(spec: DeviceSpec, pf: HostFunction): NoMatch {
  const label = pf.ifname === null ? pf.address : `${pf.ifname} (${pf.address})`;
  const message = `${spec.productId} is the product of VFs, and PF ${label} has no VFs yet (sriov_numvfs is 0)`;
  return { code: 'pf-without-vfs', message };
}

/** Where the product id of a PF's VFs is unknown, it may be the one in the entry. */
function isVfProduct(spec: DeviceSpec, pf: HostFunction): boolean {
  return pf.vfProductId === undefined || pf.vfProductId === spec.productId;
}

function idsFit(spec: DeviceSpec, fn: HostFunction): boolean {
  return [fn.vendorId, '*'].includes(spec.vendorId) && [fn.productId, '*'].includes(spec.productId);
}

/** Network cards first: bridges and disks share their vendors' ids and are never meant. */
function byInterest(one: PciFunction, other: PciFunction): number {
  const isPlain = ({ deviceType, ifname }: PciFunction) =>
    deviceType === 'type-PCI' && ifname === null ? 1 : 0;
  return isPlain(one) - isPlain(other);
}

function elsewhere(spec: DeviceSpec, fitting: readonly PciFunction[]): string {
  const hasIds = spec.vendorId !== '*' || spec.productId !== '*';
  return hasIds ? `; ${specIds(spec)} is at ${listed(fitting.map(({ address }) => address))}` : '';
}

function what(spec: DeviceSpec): string {
  const hasIds = spec.vendorId !== '*' || spec.productId !== '*';
  return hasIds ? specIds(spec) : 'PCI function';
}

function specIds(spec: DeviceSpec): string {
  return `${spec.vendorId}:${spec.productId}`;
}

function idsOf({ vendorId, productId }: HostFunction): string {
  return `${vendorId}:${productId}`;
}

function counted(count: number): string {
  return count === 1 ? '1 function' : `${count} functions`;
}

/** Each value once; a long list is cut. Example: `01, 02 and 3 more`. */
function listed(values: readonly string[]): string {
  const once = [...new Set(values)];
  if (once.length <= 5) return once.join(', ');
  return `${once.slice(0, 4).join(', ')} and ${once.length - 4} more`;
}

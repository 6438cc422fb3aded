/** PCI functions from the form that the vectors describe hosts and devices in. */
import { parsePciAddress } from '#core/pci/devices/address.ts';
import type { PciDeviceType, PciFunction } from '#core/pci/devices/device.ts';
import type { HostFunction } from '#core/pci/specs/device-spec.ts';

/** `input.devices`: what the host reports. */
export interface DescribedDevice {
  address: string;
  vendor_id: string;
  product_id: string;
  dev_type?: PciDeviceType;
  parent_addr?: string | null;
  numa_node?: number | null;
  parent_ifname?: string | null;
  card_serial_number?: string;
  capabilities?: { vpd?: { card_serial_number?: string } };
}

/** `input.host.functions`: what sysfs shows. */
export interface DescribedFunction {
  address: string;
  sriov_totalvfs?: number;
  pf?: string;
  ifname?: string;
  vendor_id?: string;
  product_id?: string;
  vf_product_id?: string;
}

/** The functions of the described sysfs. */
export function hostFunctions(host: { functions?: DescribedFunction[] } = {}): HostFunction[] {
  return (host.functions ?? []).map((fn) => ({
    address: parsePciAddress(fn.address),
    deviceType: typeOf(fn),
    ifname: fn.ifname ?? null,
    vendorId: fn.vendor_id ?? '',
    productId: fn.product_id ?? '',
    ...(fn.vf_product_id !== undefined && { vfProductId: fn.vf_product_id }),
  }));
}

function typeOf(fn: DescribedFunction): PciDeviceType {
  if ((fn.sriov_totalvfs ?? 0) > 0) return 'type-PF';
  return fn.pf === undefined ? 'type-PCI' : 'type-VF';
}

/** A reported device as a function; what the vector omits is taken from the described sysfs. */
export function toFunction(
  device: DescribedDevice,
  functions: readonly HostFunction[],
): PciFunction {
  const parent = device.parent_addr ?? null;
  const shown = functions.find(({ address }) => address === device.address);
  const serial = device.card_serial_number ?? device.capabilities?.vpd?.card_serial_number;
  return {
    address: parsePciAddress(device.address),
    vendorId: device.vendor_id,
    productId: device.product_id,
    deviceType:
      device.dev_type ?? (parent === null ? (shown?.deviceType ?? 'type-PCI') : 'type-VF'),
    parentAddress: parent === null ? null : parsePciAddress(parent),
    numaNode: (device.numa_node ?? -1) < 0 ? null : (device.numa_node ?? null),
    ifname: shown?.ifname ?? null,
    parentIfname: device.parent_ifname ?? null,
    macAddress: null,
    capabilities: serial === undefined ? {} : { vpd: { cardSerialNumber: serial } },
  };
}

/** The option of a case as sources of device specs. */
export function optionSources(option: readonly string[]): { text: string; source: string }[] {
  return option.map((text, at) => ({ text, source: `option[${at}]` }));
}

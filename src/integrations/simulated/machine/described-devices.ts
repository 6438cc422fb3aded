/**
 * Importer: PCI functions from the short form `{kind, bus, vfs}` in which recorded scenarios and
 * fleets describe a host.
 */
import { type PciAddress, printPciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';

/**
 * A card. PF: function 0 of the slot, its VFs follow it. `bus` and `slot` are hexadecimal text, ids
 * four hex digits. `numa` -1: the card reports no node. Example: `{ kind: 'PF', bus: '3b', vfs: 4,
 * numa: 0 }`.
 */
export interface DescribedDevice {
  kind: 'PF' | 'PCI';
  bus: string;
  slot?: string;
  vfs?: number;
  numa?: number;
  mac?: string;
  vendor?: string;
  product?: string;
  vf_product?: string;
  /** Its VFs are vDPA devices. */
  vdpa?: boolean;
  /** The serial number of the card, which its VFs report. Absent: they report none. */
  serial?: string;
}

/** The functions of these cards, in address order of each card. */
export function describedFunctions(devices: readonly DescribedDevice[]): PciFunction[] {
  return devices.flatMap((device) =>
    device.kind === 'PF' ? [physical(device), ...virtuals(device)] : [plain(device)],
  );
}

function plain(device: DescribedDevice): PciFunction {
  return {
    ...facts(device),
    address: address(device, 0),
    vendorId: device.vendor ?? '10de',
    productId: device.product ?? '1db4',
    deviceType: 'type-PCI',
  };
}

function physical(device: DescribedDevice): PciFunction {
  return {
    ...facts(device),
    address: address(device, 0),
    vendorId: device.vendor ?? '15b3',
    productId: device.product ?? '1017',
    deviceType: 'type-PF',
    ifname: ifname(device),
    macAddress: macAddress(device),
  };
}

function virtuals(device: DescribedDevice): PciFunction[] {
  return Array.from({ length: device.vfs ?? 0 }, (_, vfNum) => ({
    ...facts(device),
    address: address(device, vfNum + 1),
    vendorId: device.vendor ?? '15b3',
    productId: device.vf_product ?? '1018',
    deviceType: device.vdpa === true ? ('vdpa' as const) : ('type-VF' as const),
    parentAddress: address(device, 0),
    ifname: device.vdpa === true ? null : `${ifname(device)}v${vfNum}`,
    parentIfname: ifname(device),
    capabilities: {
      sriov: { pfMacAddress: macAddress(device), vfNum },
      ...(device.serial !== undefined && { vpd: { cardSerialNumber: device.serial } }),
    },
  }));
}

function facts(device: DescribedDevice) {
  const numa = device.numa ?? 0;
  return {
    parentAddress: null,
    numaNode: numa < 0 ? null : numa,
    ifname: null,
    parentIfname: null,
    macAddress: null,
    capabilities: {},
  };
}

/** Functions are numbered across slots, as with ARI: function 8 is slot + 1, function 0. */
function address(device: DescribedDevice, index: number): PciAddress {
  return printPciAddress({
    domain: 0,
    bus: Number.parseInt(device.bus, 16),
    slot: slotNumber(device) + Math.floor(index / 8),
    function: index % 8,
  });
}

function slotNumber(device: DescribedDevice): number {
  return Number.parseInt(device.slot ?? '0', 16);
}

/** As systemd names it. Example: bus 3b, slot 0 → `enp59s0f0`. */
function ifname(device: DescribedDevice): string {
  return `enp${Number.parseInt(device.bus, 16)}s${slotNumber(device)}f0`;
}

function macAddress(device: DescribedDevice): string {
  const pair = (value: number) => value.toString(16).padStart(2, '0');
  const made = `0c:42:a1:00:${pair(Number.parseInt(device.bus, 16))}:${pair(slotNumber(device))}`;
  return device.mac ?? made;
}

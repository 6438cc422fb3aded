/** May a device of the host be handed to a guest now? Facts of the host in, reasons out. */
import { isForeignDriver } from '../pci/foreign-driver.ts';
import type { PciAddress } from '../pci/address.ts';
import type { PciFunction } from '../pci/device.ts';
import type { Reason } from '../reason.ts';
import type { HeldDevice } from './held-device.ts';

/** What the host says of a function and of who uses it. Absent keys were not found out. */
export interface DeviceFacts {
  /** null: none is bound. */
  driver: string | null;
  isNetwork: boolean;
  /** null: the kernel has no IOMMU groups. Bridges do not count as members: they are never handed over. */
  iommuGroup: { id: string; others: PciAddress[] } | null;
  /** Of a VF: its PF's interface; null when the PF has none. */
  pf: { ifname: string; isUp: boolean } | null;
  /** Who on the host uses the function's interface, in plain words. Example: `it is a port of bridge br0`. */
  uses: string[];
}

/**
 * Why this device must not be given away, with what an operator is to do. Empty when it may. Under a macvtap the device stays with the host, so
 * IOMMU and driver do not matter. Source: Linux `Documentation/driver-api/vfio.rst` (a group is handed over whole).
 */
export function handOverProblems(
  fn: PciFunction,
  through: HeldDevice['through'],
  facts: DeviceFacts,
): Reason[] {
  const name = `PCI device ${fn.address}`;
  const problems = facts.uses.map((use) => reason('device-used-by-host', `${name}: ${use}`));
  if (fn.parentAddress !== null) problems.push(...pfProblems(fn, facts));
  if (through === 'hostdev')
    problems.push(...driverProblems(fn, facts), ...iommuProblems(fn, facts));
  return problems;
}

function pfProblems(fn: PciFunction, { pf, isNetwork }: DeviceFacts): Reason[] {
  if (!isNetwork) return [];
  if (pf === null) {
    return [
      reason(
        'pf-without-interface',
        `PCI device ${fn.address}: its PF ${fn.parentAddress} has no network interface, through which a VF is set up: bind the PF's own driver`,
      ),
    ];
  }
  if (pf.isUp) return [];
  return [
    reason(
      'pf-down',
      `PF ${pf.ifname} is down, its VF ${fn.address} would carry nothing: ip link set ${pf.ifname} up`,
    ),
  ];
}

function driverProblems(fn: PciFunction, { driver, isNetwork }: DeviceFacts): Reason[] {
  if (driver === null || driver.includes('vfio')) return [];
  if (isForeignDriver(driver)) {
    return [
      reason(
        'foreign-driver',
        `PCI device ${fn.address} is bound to ${driver}, a driver of another program of this host: unbind it there (driverctl unset-override ${fn.address})`,
      ),
    ];
  }
  if (!isNetwork || fn.ifname !== null || fn.deviceType === 'vdpa') return [];
  return [
    reason(
      'interface-elsewhere',
      `PCI device ${fn.address} has driver ${driver} but shows no network interface here: it is in another network namespace (of a container?), or the driver is none of a NIC`,
    ),
  ];
}

function iommuProblems(fn: PciFunction, { iommuGroup }: DeviceFacts): Reason[] {
  if (iommuGroup === null) {
    return [
      reason(
        'iommu-off',
        `IOMMU is off, PCI device ${fn.address} cannot be given to a guest: switch VT-d or AMD-Vi on in the firmware and add intel_iommu=on (Intel) to the kernel's command line`,
      ),
    ];
  }
  if (iommuGroup.others.length === 0) return [];
  return [
    reason(
      'iommu-group-shared',
      `PCI device ${fn.address} shares IOMMU group ${iommuGroup.id} with ${iommuGroup.others.join(', ')}: they can only be given away together; use a slot whose port has ACS`,
    ),
  ];
}

function reason(code: string, message: string): Reason {
  return { code, message };
}

/** May a device of the host be handed to a guest now? Facts of the host in, reasons out. */
import { isForeignDriver } from '../../pci/devices/foreign-driver.ts';
import { hasWideDomain, type PciAddress } from '../../pci/devices/address.ts';
import type { PciFunction } from '../../pci/devices/device.ts';
import { type GroupMember, isUsedByHost, isVfioDriver } from '../../pci/devices/iommu-group.ts';
import type { Reason } from '../../reason.ts';
import type { HeldDevice } from '../description/held-device.ts';

/** What the host reports of a function and its users. Absent keys were not determined. */
export interface DeviceFacts {
  /** null: none is bound. */
  driver: string | null;
  /** Six hexadecimal digits. Example: `020000`, an Ethernet NIC. */
  classCode: string;
  /** null: the kernel has no IOMMU groups. */
  iommuGroup: { id: string; others: GroupMember[] } | null;
  /** Of a VF: its PF's interface; null when the PF has none. */
  pf: { ifname: string; isUp: boolean } | null;
  /**
   * What on the host uses the function's interface, as text. Example: `it is a port of bridge br0`.
   */
  uses: string[];
}

/** How a guest is to have a device, and what guests have of the host's others. */
export interface HandOver {
  through: HeldDevice['through'];
  /** Its driver is the operator's choice, and stays. */
  isUnmanaged?: true;
  /**
   * Is it a NIC of the guest, set up through its PF? A device of a flavor alias is given as it is.
   */
  isNic: boolean;
  /** The devices passed through to this guest, including this one. */
  together: ReadonlySet<PciAddress>;
  /** The devices that other running guests have, with the names of the guests. */
  elsewhere: ReadonlyMap<PciAddress, string>;
}

/**
 * Why this device must not be handed over, and what the operator has to do. Empty when it may.
 * Under a macvtap the device stays with the host, so IOMMU and driver do not matter. Source: Linux
 * `Documentation/driver-api/vfio.rst` (a group has one owner).
 */
export function handOverProblems(
  fn: PciFunction,
  handOver: HandOver,
  facts: DeviceFacts,
): Reason[] {
  const name = `PCI device ${fn.address}`;
  const problems = facts.uses.map((use) => reason('device-used-by-host', `${name}: ${use}`));
  if (fn.parentAddress !== null && handOver.isNic) problems.push(...pfProblems(fn, facts));
  if (handOver.through === 'hostdev') {
    problems.push(...domainProblems(fn));
    if (handOver.isUnmanaged !== true) problems.push(...driverProblems(fn, facts));
    problems.push(...iommuProblems(fn, handOver, facts));
  }
  return problems;
}

/**
 * InfiniBand needs no network interface of the host: that interface, IPoIB, is a service on top.
 */
function isEthernet({ classCode }: DeviceFacts): boolean {
  return classCode.startsWith('02') && !classCode.startsWith('0207');
}

function pfProblems(fn: PciFunction, facts: DeviceFacts): Reason[] {
  if (!isEthernet(facts)) return [];
  const { pf } = facts;
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

function domainProblems(fn: PciFunction): Reason[] {
  if (!hasWideDomain(fn.address)) return [];
  const who =
    fn.deviceType === 'type-VF' ? 'only a macvtap port can get it' : 'no guest can get it';
  const message = `PCI device ${fn.address}: its PCI domain is above ffff, which QEMU does not take: ${who}`;
  return [reason('wide-domain', message)];
}

function driverProblems(fn: PciFunction, facts: DeviceFacts): Reason[] {
  const { driver } = facts;
  if (driver === null || isVfioDriver(driver)) return [];
  if (isForeignDriver(driver)) {
    return [
      reason(
        'foreign-driver',
        `PCI device ${fn.address} is bound to ${driver}, a driver of another program of this host: unbind it there (driverctl unset-override ${fn.address})`,
      ),
    ];
  }
  if (!isEthernet(facts) || fn.ifname !== null || fn.deviceType === 'vdpa') return [];
  return [
    reason(
      'interface-elsewhere',
      `PCI device ${fn.address} has driver ${driver} but shows no network interface: the driver has not made it yet (then try again), it is in another network namespace (of a container?), or the driver is not a network driver`,
    ),
  ];
}

function iommuProblems(
  fn: PciFunction,
  { together, elsewhere }: HandOver,
  { iommuGroup }: DeviceFacts,
): Reason[] {
  if (iommuGroup === null) {
    return [
      reason(
        'iommu-off',
        `IOMMU is off, PCI device ${fn.address} cannot be given to a guest: switch VT-d or AMD-Vi on in the firmware and add intel_iommu=on (Intel) to the kernel's command line`,
      ),
    ];
  }
  const shared = `PCI device ${fn.address} shares IOMMU group ${iommuGroup.id}`;
  const others = iommuGroup.others.filter(({ address }) => !together.has(address));
  const problems = others.flatMap(({ address }) => {
    const guest = elsewhere.get(address);
    if (guest === undefined) return [];
    const message = `${shared} with ${address} of guest ${guest}: a group has one guest at a time; use a slot whose port has ACS`;
    return [reason('iommu-group-shared', message)];
  });
  const used = others.filter((other) => !elsewhere.has(other.address) && isUsedByHost(other));
  if (used.length === 0) return problems;
  const names = used.map(({ address, driver }) => `${address} (driver ${driver})`).join(', ');
  const message = `${shared} with ${names}, which this host uses: bind what the host does not need to vfio-pci, give all of them to one guest, or use a slot whose port has ACS`;
  return [...problems, reason('iommu-group-shared', message)];
}

function reason(code: string, message: string): Reason {
  return { code, message };
}

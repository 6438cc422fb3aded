/**
 * Checks of what passing devices to guests needs: IOMMU, interrupt remapping, IOMMU groups, vfio.
 * Source: Linux `Documentation/driver-api/vfio.rst`.
 */
import { slotOf } from '../pci/devices/address.ts';
import type { PciFunction } from '../pci/devices/device.ts';
import { isUsedByHost } from '../pci/devices/iommu-group.ts';
import { type HostCheck, report } from './host-check.ts';
import type { FunctionDetails, HostFacts } from './host-facts.ts';

/**
 * `offered`: the devices that the host's device specs admit. Without any, what they would need is
 * not a failure.
 */
export function checkIommu(facts: HostFacts, offered: readonly PciFunction[]): HostCheck[] {
  const isNeeded = offered.length > 0;
  const rows = [iommu(facts, isNeeded)];
  if (facts.iommuGroups > 0) rows.push(interruptRemapping(facts, isNeeded));
  if (facts.iommuGroups > 0 && isNeeded) rows.push(iommuGroups(facts, offered));
  rows.push(vfioModule(facts, isNeeded));
  return facts.modules.vfio_pci === 'absent' ? rows : [...rows, vfioNode(facts, isNeeded)];
}

function iommu(facts: HostFacts, isNeeded: boolean): HostCheck {
  const row = report('IOMMU', 'iommu-off');
  if (facts.iommuGroups > 0) return row.ok(`on, ${facts.iommuGroups} groups`);
  const { why, fix } = iommuAdvice(facts);
  const found = `off: the kernel made no IOMMU groups${why}`;
  return isNeeded ? row.fail(found, fix, 'passthrough') : row.warn(found, fix);
}

/**
 * Intel's is off unless enabled, AMD's on unless disabled; without firmware support neither works.
 * Source: Linux `kernel-parameters.txt`.
 */
function iommuAdvice({ cpuVendor, architecture, commandLine }: HostFacts) {
  const options = new Set(commandLine.split(/\s+/));
  const off = ['iommu=off', 'intel_iommu=off', 'amd_iommu=off'].find((option) =>
    options.has(option),
  );
  if (off !== undefined) {
    return {
      why: ` (kernel command line: ${off})`,
      fix: `remove ${off} from the kernel command line and reboot`,
    };
  }
  if (cpuVendor === 'Intel' && !options.has('intel_iommu=on')) {
    return {
      why: ' (intel_iommu=on is not on the kernel command line)',
      fix: 'add intel_iommu=on iommu=pt to the kernel command line and reboot',
    };
  }
  const name =
    cpuVendor === 'AMD' ? 'AMD-Vi (IOMMU)' : architecture === 'arm64' ? 'the SMMU' : 'VT-d';
  return { why: '', fix: `enable ${name} in the firmware setup and reboot` };
}

function interruptRemapping(facts: HostFacts, isNeeded: boolean): HostCheck {
  const row = report('Interrupt remapping', 'interrupt-remapping-off');
  if (facts.remapsInterrupts === null) return row.ok(`does not apply to ${facts.architecture}`);
  if (facts.remapsInterrupts) return row.ok('on');
  const fix = 'enable interrupt remapping (x2APIC with VT-d or AMD-Vi) in the firmware setup';
  if (facts.allowsUnsafeInterrupts) {
    return row.warn(
      'off, and vfio is configured to ignore that: a guest could forge interrupts',
      fix,
    );
  }
  const found = 'off: vfio gives no device to a guest';
  const orTrust = `${fix}; only if all guests are trusted: options vfio_iommu_type1 allow_unsafe_interrupts=1 in /etc/modprobe.d`;
  return isNeeded ? row.fail(found, orTrust, 'passthrough') : row.warn(found, orTrust);
}

/**
 * A group has one owner: another member that the host uses blocks it, unless one guest can have
 * both.
 */
function iommuGroups(facts: HostFacts, offered: readonly PciFunction[]): HostCheck {
  const row = report('IOMMU groups', 'iommu-group-shared');
  const fix = 'enable ACS in the firmware setup, or put the card into a slot of its own root port';
  const sharing = sharingOf(facts, offered);
  const blocked = sharing.filter(({ used }) => used.length > 0);
  const [first] = blocked;
  if (first !== undefined) {
    const more = blocked.length === 1 ? '' : ` (and ${blocked.length - 1} more devices)`;
    const others = first.used.map(({ address }) => address).slice(0, 3);
    const found = `${first.device.address} shares group ${first.group} with ${others.join(', ')}, which this host uses${more}`;
    const orBind = `${fix}; or bind what the host does not need to vfio-pci`;
    // A PF is passed through only for direct-physical ports; most servers get its VFs.
    const hasVfs = offered.some(isNoPf);
    if (hasVfs && !blocked.some(({ device }) => isNoPf(device))) return row.warn(found, orBind);
    return row.fail(found, orBind, blocked.length === offered.length ? 'passthrough' : 'none');
  }
  const split = sharing.find(({ device, together }) => together.some(isOfAnotherCard(device)));
  if (split !== undefined) {
    const found = `${split.device.address} and ${split.together.length} more offered devices share group ${split.group}: one guest at a time can have devices of it`;
    return row.warn(found, fix);
  }
  return row.ok(`each of ${offered.length} devices can be given to a guest`);
}

interface Sharing {
  device: PciFunction;
  group: number;
  /** Members that the host uses, and that no guest can have together with the device. */
  used: FunctionDetails[];
  /** Members that are offered too. */
  together: PciFunction[];
}

function sharingOf(facts: HostFacts, offered: readonly PciFunction[]): Sharing[] {
  const members = Map.groupBy(facts.functions, ({ iommuGroup }) => iommuGroup);
  const groupOf = new Map(facts.functions.map((fn) => [fn.address, fn.iommuGroup]));
  const offers = new Map(offered.map((fn) => [fn.address, fn]));
  return offered.flatMap((device) => {
    const group = groupOf.get(device.address) ?? null;
    if (group === null) return [];
    const others = (members.get(group) ?? []).filter(({ address }) => address !== device.address);
    // A PF is never given together with its VF.
    const mayFollow = ({ address }: FunctionDetails) =>
      offers.has(address) && address !== device.parentAddress;
    const used = others.filter((other) => !mayFollow(other) && isUsedByHost(other));
    const together = others.flatMap(({ address }) => offers.get(address) ?? []);
    return [{ device, group, used, together }];
  });
}

function isNoPf({ deviceType }: PciFunction): boolean {
  return deviceType !== 'type-PF';
}

/** VFs go to guests one by one, the functions of a card together. */
function isOfAnotherCard(device: PciFunction): (other: PciFunction) => boolean {
  const slot = slotOf(device.address);
  return (other) => other.parentAddress !== null || slotOf(other.address) !== slot;
}

function vfioModule({ modules }: HostFacts, isNeeded: boolean): HostCheck {
  const row = report('vfio-pci', 'vfio-absent');
  const state = modules.vfio_pci;
  if (state === 'loaded') return row.ok('loaded');
  if (state === 'available') return row.ok('available; libvirt loads it when it is needed');
  const found = 'this kernel does not have it';
  const fix =
    'boot a kernel with vfio-pci (Debian: linux-image-amd64; its cloud variant lacks modules)';
  return isNeeded ? row.fail(found, fix, 'passthrough') : row.warn(found, fix);
}

function vfioNode({ vfioNode: node, modules }: HostFacts, isNeeded: boolean): HostCheck {
  const row = report('/dev/vfio/vfio', 'vfio-node');
  if (node.state === 'opens') return row.ok('opens');
  if (node.state === 'refused') {
    const found = `does not open: ${node.why}`;
    const fix = 'run as root; in a container, hand /dev/vfio to it';
    return isNeeded ? row.fail(found, fix, 'passthrough') : row.warn(found, fix);
  }
  if (modules.vfio_pci === 'available') return row.ok('comes with vfio-pci');
  return row.warn('absent', 'modprobe vfio-pci');
}

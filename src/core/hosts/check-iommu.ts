/** Checks of what gives devices to guests: IOMMU, interrupt remapping, IOMMU groups, vfio. Source: Linux `Documentation/driver-api/vfio.rst`. */
import type { PciFunction } from '../pci/device.ts';
import { type HostCheck, report } from './host-check.ts';
import type { FunctionDetails, HostFacts } from './host-facts.ts';

/** `offered`: the devices that the host's device specs admit. Without any, what they would need is no failure. */
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

/** Intel's is off unless asked for, AMD's on unless refused; without firmware support neither comes up. Source: Linux `kernel-parameters.txt`. */
function iommuAdvice({ cpuVendor, architecture, commandLine }: HostFacts) {
  const words = new Set(commandLine.split(/\s+/));
  const off = ['iommu=off', 'intel_iommu=off', 'amd_iommu=off'].find((word) => words.has(word));
  if (off !== undefined) {
    return {
      why: ` (kernel command line: ${off})`,
      fix: `remove ${off} from the kernel command line and reboot`,
    };
  }
  if (cpuVendor === 'Intel' && !words.has('intel_iommu=on')) {
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
  if (facts.remapsInterrupts === null) return row.ok(`not a matter of ${facts.architecture}`);
  if (facts.remapsInterrupts) return row.ok('on');
  const fix = 'enable interrupt remapping (x2APIC with VT-d or AMD-Vi) in the firmware setup';
  if (facts.allowsUnsafeInterrupts) {
    return row.warn('off, and vfio is told to go on: a guest could forge interrupts', fix);
  }
  const found = 'off: vfio gives no device to a guest';
  const orTrust = `${fix}; only if all guests are trusted: options vfio_iommu_type1 allow_unsafe_interrupts=1 in /etc/modprobe.d`;
  return isNeeded ? row.fail(found, orTrust, 'passthrough') : row.warn(found, orTrust);
}

/** vfio gives out whole groups: a device that is not alone drags others along. Bridges do not count. */
function iommuGroups(facts: HostFacts, offered: readonly PciFunction[]): HostCheck {
  const row = report('IOMMU groups', 'iommu-group-shared');
  const members = Map.groupBy(facts.functions.filter(isNoBridge), ({ iommuGroup }) => iommuGroup);
  const groupOf = new Map(facts.functions.map((fn) => [fn.address, fn.iommuGroup]));
  const shared = offered.flatMap((device) => {
    const group = groupOf.get(device.address) ?? null;
    if (group === null) return [];
    const others = (members.get(group) ?? [])
      .map(({ address }) => address)
      .filter((address) => address !== device.address);
    return others.length === 0 ? [] : [{ device, group, others }];
  });
  const [first] = shared;
  if (first === undefined) return row.ok(`each of ${offered.length} devices is alone in its group`);
  const more = shared.length === 1 ? '' : ` (and ${shared.length - 1} more devices)`;
  const found = `${first.device.address} shares group ${first.group} with ${first.others.slice(0, 3).join(', ')}${more}`;
  const fix = 'enable ACS in the firmware setup, or put the card into a slot of its own root port';
  // A PF is handed out whole only for direct-physical ports; its VFs are what most servers get.
  const vfs = offered.filter(({ deviceType }) => deviceType !== 'type-PF');
  const sharedVfs = shared.filter(({ device }) => device.deviceType !== 'type-PF');
  if (sharedVfs.length === 0 && vfs.length > 0) return row.warn(found, fix);
  return row.fail(found, fix, shared.length === offered.length ? 'passthrough' : 'none');
}

function isNoBridge({ classCode }: FunctionDetails): boolean {
  return !classCode.startsWith('0604');
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

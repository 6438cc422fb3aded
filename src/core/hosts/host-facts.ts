/** The facts about a host that its checks use. What was not read is absent, and is not checked. */
import type { PciAddress } from '../pci/devices/address.ts';

/** `available`: it can be loaded; `absent`: this kernel does not have it. */
export type ModuleState = 'loaded' | 'available' | 'absent';

/** Modules that are checked, by their names in the kernel. */
export const checkedModules = ['vfio_pci', 'macvtap', '8021q', 'vhost_net'] as const;
export type CheckedModule = (typeof checkedModules)[number];

/** A device node. `refused`: it exists but does not open; `why` is the system's message. */
export type NodeState = { state: 'opens' | 'absent' } | { state: 'refused'; why: string };

export interface LinkFacts {
  ifname: string;
  isUp: boolean;
  hasCarrier: boolean | null;
}

/** One PCI function beyond what discovery reports of it. */
export interface FunctionDetails {
  address: PciAddress;
  /** Six hexadecimal digits. Example: `060400`, a PCI bridge. */
  classCode: string;
  iommuGroup: number | null;
  driver: string | null;
  /** Of a PF; null for all else. */
  vfs: { current: number; total: number } | null;
  /**
   * Its own network interface, if it has one; of several, one with a carrier, else one that is up,
   * else the first. `hasCarrier` null: not reported by the kernel (the interface is down).
   */
  link: LinkFacts | null;
}

/** Version as the programs write it. Example: `11.3.0`. */
export type LibvirtFacts =
  | { uri: string; state: 'answers'; version: string }
  | { uri: string; state: 'silent' | 'not installed'; why: string };

/** The PCI functions that libvirt knows, or why it cannot list any. */
export type NodeDeviceFacts =
  | { state: 'listed'; known: ReadonlySet<PciAddress> }
  | { state: 'unlisted'; why: string };

export interface StateDirectoryFacts {
  path: string;
  /** false: it does not exist yet; the figures are of the nearest existing parent folder. */
  exists: boolean;
  /** null: it is writable. */
  refusal: string | null;
  freeMib: number;
  totalMib: number;
}

/** Tools by name: their path, or null. */
export interface ToolFacts {
  qemuImg: string | null;
  isoMaker: string | null;
}

export interface HostFacts {
  /** Node's name. Example: `x64`, `arm64`. */
  architecture: string;
  cpuVendor: 'Intel' | 'AMD' | 'other';
  commandLine: string;
  isRoot: boolean;
  iommuGroups: number;
  /** null: interrupts are not remapped on this architecture (not x86). */
  remapsInterrupts: boolean | null;
  /** vfio assigns devices although interrupts are not remapped. */
  allowsUnsafeInterrupts: boolean;
  modules: Record<CheckedModule, ModuleState>;
  vfioNode: NodeState;
  kvmNode: NodeState;
  functions: FunctionDetails[];
  hugepages: { sizeKib: number; total: number; free: number }[];
  cgroups: 'v1' | 'v2' | 'none';
  tools: ToolFacts;
  stateDirectory?: StateDirectoryFacts;
  libvirt?: LibvirtFacts;
  nodeDevices?: NodeDeviceFacts;
  /** null: no QEMU for this machine's architecture is installed. */
  qemuVersion?: string | null;
}

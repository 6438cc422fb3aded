/**
 * A host as its checks see it: plain facts that somebody has looked up. What was not looked at is
 * absent, and is not judged.
 */
import type { PciAddress } from '../pci/devices/address.ts';

/** `available`: it can be loaded; `absent`: this kernel does not have it. */
export type ModuleState = 'loaded' | 'available' | 'absent';

/** Modules that are asked about, by their names in the kernel. */
export const checkedModules = ['vfio_pci', 'macvtap', '8021q', 'vhost_net'] as const;
export type CheckedModule = (typeof checkedModules)[number];

/** A device node. `refused`: it is there and does not open; the reason in the system's words. */
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
   * else the first. `hasCarrier` null: the kernel does not say (the interface is down).
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
  /** false: not there yet; the figures are of the nearest folder above it that is. */
  exists: boolean;
  /** null: it can be written to. */
  refusal: string | null;
  freeMib: number;
  totalMib: number;
}

/** Tools by name: where they were found, or null. */
export interface ToolFacts {
  qemuImg: string | null;
  isoMaker: string | null;
}

export interface HostFacts {
  /** Node's word. Example: `x64`, `arm64`. */
  architecture: string;
  cpuVendor: 'Intel' | 'AMD' | 'other';
  commandLine: string;
  isRoot: boolean;
  iommuGroups: number;
  /** null: this machine's interrupts are not of the kind that is remapped (no x86). */
  remapsInterrupts: boolean | null;
  /** vfio gives out devices though interrupts are not remapped. */
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

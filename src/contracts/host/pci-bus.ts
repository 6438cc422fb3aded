/** The PCI functions of one host, and the settings of its VFs. */
import type { DeviceFacts } from '#core/guests/plan/hand-over.ts';
import type { VfStep } from '#core/guests/plan/step.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import type { VfChange, VfSettingName } from '#core/pci/vf/vf-settings.ts';
import type { VfState } from '#core/pci/vf/vf-state.ts';

/** A function that could not be read; discovery continues without it. */
export interface UnreadableFunction {
  address: string;
  problem: string;
}

/** How many VFs a PF has made, and how many it can. */
export interface VfCount {
  now: number;
  max: number;
}

/** What is to change on a function's own interface; absent keys stay. */
export interface InterfaceChange {
  macAddress?: string;
  up?: boolean;
}

/**
 * Every act is idempotent. What the host refuses throws `unavailable` with its words, naming
 * device, setting and what to do.
 */
export interface PciBus {
  /** Every function of the host, in address order, and those that could not be read. */
  listFunctions(): Promise<{ functions: PciFunction[]; unreadable: UnreadableFunction[] }>;
  /** One of them as it is now; undefined when it is not on the host, or cannot be read. */
  functionAt(address: PciAddress): Promise<PciFunction | undefined>;
  /** The driver that is bound; null: none. */
  driverOf(address: PciAddress): Promise<string | null>;
  /** The network interface of a function now, or null: a VF in a guest has none. */
  ifnameOf(address: PciAddress): Promise<string | null>;
  /** Is that interface up? null: the function has none now. */
  isUp(address: PciAddress): Promise<boolean | null>;
  /** Throws `unavailable` for what is no VF of a PF with an interface. */
  vfState(address: PciAddress): Promise<VfState>;
  /** Sets a VF as the step says; what is set already is left alone. */
  applyVfStep(step: VfStep): Promise<void>;
  /**
   * Those of the settings that this VF would have to change and its NIC does not have. The NIC is
   * asked once, without changing anything. Example: link state disable on an igb → `['linkState']`.
   */
  lackingSettings(address: PciAddress, change: VfChange): Promise<VfSettingName[]>;
  /** Throws `unavailable` for an address that is not on the host. */
  deviceFacts(address: PciAddress): Promise<DeviceFacts>;
  /** Changes the function's own interface; no error where it has none. */
  setInterface(address: PciAddress, change: InterfaceChange): Promise<void>;
  /** Binds this driver in place of the one that is bound; null: none. */
  bindDriver(address: PciAddress, driver: string | null): Promise<void>;
  /** Throws `unavailable` for what is no PF. */
  vfCount(pf: PciAddress): Promise<VfCount>;
  /**
   * All VFs of the PF go first, then so many come; returns when they are there. None go when there
   * are so many already.
   */
  setVfCount(pf: PciAddress, count: number): Promise<void>;
  /**
   * Tells of functions and interfaces that come and go and of carriers, within two seconds, until
   * the returned function is called.
   */
  watch(listener: () => void): () => void;
}

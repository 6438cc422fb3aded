/** The PCI functions of one host, and the settings of its VFs. */
import type { VfTraffic } from './guest-counters.ts';
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

/** How many VFs a PF has, and how many it supports. */
export interface VfCount {
  now: number;
  max: number;
}

/** Changes to a function's own interface; absent keys keep their value. */
export interface InterfaceChange {
  macAddress?: string;
  up?: boolean;
}

/**
 * Every operation is idempotent. A refusal of the host throws `unavailable` with its error text,
 * naming device, setting and remedy.
 */
export interface PciBus {
  /** Every function of the host, in address order, and the unreadable ones. */
  listFunctions(): Promise<{ functions: PciFunction[]; unreadable: UnreadableFunction[] }>;
  /** Reads one function now; undefined when it is not on the host, or cannot be read. */
  functionAt(address: PciAddress): Promise<PciFunction | undefined>;
  /** The bound driver; null: none. */
  driverOf(address: PciAddress): Promise<string | null>;
  /** The current network interface of a function, or null: a VF in a guest has none. */
  ifnameOf(address: PciAddress): Promise<string | null>;
  /**
   * The character device by which a guest gets the function's vDPA device; null: it has none.
   * Example: `/dev/vhost-vdpa-0`.
   */
  vdpaDeviceOf(address: PciAddress): Promise<string | null>;
  /** Is that interface up? null: the function has no interface now. */
  isUp(address: PciAddress): Promise<boolean | null>;
  /** Throws `unavailable` for anything but a VF of a PF with an interface. */
  vfState(address: PciAddress): Promise<VfState>;
  /**
   * What these VFs have received and sent, in their order. One that is counted neither by its own
   * interface on this host nor by its PF is left out, and so is one whose PF counts nothing yet:
   * the kernel reports zeros for a driver that does not count.
   */
  vfTraffic(addresses: readonly PciAddress[]): Promise<VfTraffic[]>;
  /** Sets a VF as the step specifies; values already set are not written again. */
  applyVfStep(step: VfStep): Promise<void>;
  /**
   * Those of the settings that this VF would have to change and its NIC does not support. The NIC
   * is probed once, without changing anything. Example: link state disable on an igb →
   * `['linkState']`.
   */
  unsupportedSettings(address: PciAddress, change: VfChange): Promise<VfSettingName[]>;
  /** Throws `unavailable` for an address that is not on the host. */
  deviceFacts(address: PciAddress): Promise<DeviceFacts>;
  /** Changes the function's own interface; no error when it has none. */
  setInterface(address: PciAddress, change: InterfaceChange): Promise<void>;
  /** Binds this driver in place of the current one; null: none. */
  bindDriver(address: PciAddress, driver: string | null): Promise<void>;
  /** Throws `unavailable` for anything but a PF. */
  vfCount(pf: PciAddress): Promise<VfCount>;
  /**
   * Removes all VFs of the PF, then creates this many; returns when they exist. Removes none when
   * the number is already right.
   */
  setVfCount(pf: PciAddress, count: number): Promise<void>;
  /**
   * Reports functions and interfaces that appear or disappear and carrier changes, within two
   * seconds, until the returned function is called.
   */
  watch(listener: () => void): () => void;
}

/** The PCI functions of one host, and the settings of its VFs. */
import type { PciAddress } from '#core/pci/address.ts';
import type { VfStep } from '#core/guests/step.ts';
import type { PciFunction } from '#core/pci/device.ts';

/** A function that could not be read; discovery goes on without it. */
export interface UnreadableFunction {
  address: string;
  problem: string;
}

export interface PciBus {
  /** Every function of the host, in address order, and those that could not be read. */
  listFunctions(): Promise<{ functions: PciFunction[]; unreadable: UnreadableFunction[] }>;
  /** The network interface of a function now, or null: a VF in a guest has none. */
  ifnameOf(address: PciAddress): Promise<string | null>;
  /** Sets a VF as the step says; doing it twice is no error. Throws `unavailable` when the host refuses, with its words. */
  applyVfStep(step: VfStep): Promise<void>;
}

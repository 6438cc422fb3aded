/** The words in which a host is told what to do for a guest. Each is idempotent; the agent has one executor for each. */
import type { PciAddress } from '../pci/address.ts';
import type { Guest, GuestNic } from './guest.ts';

/** MAC that means "none set" to the kernel. Source: ip-link(8). */
export const noMac = '00:00:00:00:00:00';

/** A change of one VF's settings. Source: ip-link(8), `vf NUM mac … vlan … trust …`. */
export type VfStep =
  /** Through the PF: the MAC and VLAN that the VF's traffic gets. `vlan` 0: untagged. */
  | { do: 'set-vf'; address: PciAddress; macAddress: string; vlan: number }
  /** Through the PF: may the guest change MAC and promiscuous mode? */
  | { do: 'set-vf-trust'; address: PciAddress; trusted: boolean }
  /** On the VF's own interface, where it has one. */
  | { do: 'set-vf-link'; address: PciAddress; macAddress: string; up: boolean };

export type Step =
  /** Fails unless every device of the guest is on the host and held by no other guest. */
  | { do: 'check-devices'; guest: Guest }
  | VfStep
  /** Its folder with disk, kernel and config drive. `fresh`: the disk starts anew from the image; else one that is there stays. */
  | { do: 'prepare-files'; guest: Guest; fresh: boolean }
  /** Disk and all: nothing of the guest is left. */
  | { do: 'remove-files'; guestId: string }
  | { do: 'define'; guest: Guest }
  | { do: 'start'; guestId: string }
  | { do: 'destroy'; guestId: string }
  | { do: 'undefine'; guestId: string }
  /** Asks the guest to shut down, and waits until it has; cuts the power when it does not. */
  | { do: 'shut-down'; guestId: string }
  /** Starts the guest's system again; its devices stay. */
  | { do: 'reboot'; guestId: string }
  | { do: 'pause'; guestId: string }
  | { do: 'unpause'; guestId: string }
  /** Writes the guest's memory to disk and ends it. It may hold no device of the host while this is done. */
  | { do: 'save'; guestId: string }
  /** Goes on from there. */
  | { do: 'restore'; guestId: string }
  /** Adds a NIC to the guest: to the running one, if it runs, and to its definition. */
  | { do: 'attach-nic'; guestId: string; nic: GuestNic }
  /** Takes it off again. Done when the hypervisor says that the guest has let go of it. `keep`: it stays in the definition. */
  | { do: 'detach-nic'; guestId: string; nic: GuestNic; keep?: true };

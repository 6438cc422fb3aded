/**
 * The steps of which a command for a guest is made. Each is idempotent; the agent has one executor
 * for each.
 */
import type { PciAddress } from '../../pci/devices/address.ts';
import type { VfChange } from '../../pci/vf/vf-settings.ts';
import type { BridgeWiring, Guest, GuestNic } from '../description/guest.ts';
import type { HeldDevice } from '../description/held-device.ts';
import type { HostTap } from '../description/host-tap.ts';

/** A change of one VF's settings. Source: ip-link(8). */
export type VfStep =
  /** Through the PF. What is set already is not set again. */
  | { do: 'set-vf'; address: PciAddress; change: VfChange }
  /** On the VF's own interface, where it has one. */
  | { do: 'set-vf-link'; address: PciAddress; macAddress: string; up: boolean };

export type Step =
  /** Fails unless every device of the guest is on the host and held by no other guest. */
  | { do: 'check-devices'; guest: Guest }
  /**
   * Fails unless the guest runs, or `mayBeOff`, and the hypervisor has no other job for it.
   */
  | { do: 'check-departure'; guest: Guest; mayBeOff: boolean }
  /**
   * Fails unless the guest can come from the other host, with every reason. `keepsFiles`: its files
   * are here already. `mtus`: of the networks of its ports.
   */
  | {
      do: 'check-arrival';
      guest: Guest;
      from: string;
      offer: string;
      isLive: boolean;
      keepsFiles: boolean;
      mtus: Readonly<Record<string, number>>;
    }
  /**
   * Records the device's state before it is handed over, unless recorded already. `macAddress`:
   * what it gets there.
   */
  | { do: 'record-device'; device: HeldDevice; guestId: string; macAddress: string | null }
  | VfStep
  /**
   * Restores the device's recorded state and verifies it. One that cannot be cleaned is
   * quarantined: that is not a failure.
   */
  | { do: 'restore-device'; device: HeldDevice; guestId: string }
  /** The bridge under a NIC of a network without an agent. */
  | {
      do: 'make-bridge';
      guestId: string;
      portId: string;
      bridge: string;
      wiring: BridgeWiring;
    }
  /** The bridge is removed with its last NIC. Without a port: all bridges of the guest. */
  | { do: 'release-bridge'; guestId: string; portId?: string }
  /** The tap under a NIC whose binding requires the host to make it. */
  | { do: 'make-tap'; guestId: string; portId: string; tap: HostTap }
  /** Without a port: all taps of the guest. */
  | { do: 'remove-tap'; guestId: string; portId?: string }
  /**
   * Its folder with disk, kernel and config drive. `fresh`: the disk is made again from the image;
   * else an existing one stays.
   */
  | { do: 'prepare-files'; guest: Guest; fresh: boolean }
  /**
   * Fails unless disk and kernel are here: they are not to be made again. `offer`: of the host that
   * has them too.
   */
  | { do: 'find-files'; guest: Guest; offer?: string }
  /**
   * What the guest starts from in rescue, made from the rescue image; the guest may run. A later
   * `prepare-files` for a guest that is not in rescue removes it.
   */
  | { do: 'prepare-rescue'; guest: Guest }
  /** Its files as the other host offers them. `isLive`: it runs there, so its disk starts empty. */
  | { do: 'fetch-files'; guest: Guest; from: string; offer: string; isLive: boolean }
  /** Those of its files that do not change while it runs there. */
  | { do: 'prefetch-files'; guest: Guest; from: string; offer: string }
  /** What it wrote to its console on the host that it has left live. Losing that is no failure. */
  | { do: 'fetch-console'; guest: Guest; from: string; offer: string }
  /** What `send-guest` needs is open, while the guest still has all its NICs. */
  | { do: 'connect-hosts'; guest: Guest; to: string; arrival: string }
  /** The running guest continues on the other host, which expects it, and is gone here. */
  | { do: 'send-guest'; guest: Guest; to: string; arrival: string }
  /** What this host offers and expects of the guest ends. */
  | { do: 'end-transfer'; guestId: string }
  /** A standalone copy of its disk for this image; the guest must not run. */
  | { do: 'copy-disk'; guestId: string; imageId: string }
  /** The copy becomes the image, and is removed. */
  | { do: 'upload-copy'; guestId: string; imageId: string }
  | { do: 'drop-copy'; guestId: string; imageId: string }
  /** All files of the guest, including its disk. */
  | { do: 'remove-files'; guestId: string }
  | { do: 'define'; guest: Guest }
  | { do: 'start'; guestId: string }
  | { do: 'destroy'; guestId: string }
  | { do: 'undefine'; guestId: string }
  /** Requests the guest to shut down and waits until it has; cuts the power when it does not. */
  | { do: 'shut-down'; guestId: string }
  /** Starts the guest's system again; its devices stay. */
  | { do: 'reboot'; guestId: string }
  | { do: 'pause'; guestId: string }
  | { do: 'unpause'; guestId: string }
  | { do: 'inject-nmi'; guestId: string }
  /**
   * Writes the guest's memory to disk and ends it. It may hold no device of the host while this is
   * done.
   */
  | { do: 'save'; guestId: string }
  /** Continues from the saved memory. */
  | { do: 'restore'; guestId: string }
  /** Adds a NIC to the guest: to the running one, if it runs, and to its definition. */
  | { do: 'attach-nic'; guestId: string; nic: GuestNic }
  /**
   * Detaches it. Done when the hypervisor reports that the guest has released it. `keep`: it stays
   * in the definition. `isLeaving`: the guest moves live next.
   */
  | { do: 'detach-nic'; guestId: string; nic: GuestNic; keep?: true; isLeaving?: true };

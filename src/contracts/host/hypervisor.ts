/** The hypervisor of one host. A simulated one and libvirt pass the same suite. */
import type { Guest, GuestNic } from '#core/guests/description/guest.ts';
import type { FoundGuest } from '#core/guests/plan/plan.ts';
import type { HostNumaNode } from '#core/scheduling/numa-fit.ts';
import type { GuestCounters } from './guest-counters.ts';

/**
 * What a host offers, apart from PCI devices. `movesGuests` and `sharedStorage` are its agent's,
 * not its hypervisor's.
 */
export interface HypervisorFacts {
  type: string;
  version: number;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  cpuModel: string;
  architecture: string;
  /** Absent: it reports no NUMA nodes. */
  numaNodes?: HostNumaNode[];
  /** It can send a guest with its disk to another host, and receive one. Absent: it cannot. */
  movesGuests?: true;
  /**
   * The id of the storage with its guests' files. Another host with this id has the same files at
   * the same paths. Absent: it is the host's own.
   */
  sharedStorage?: string;
}

export type { FoundGuest };

/**
 * `lost`: the hypervisor does not answer; `back`: it answers again, and missed changes must be
 * read.
 */
export type HypervisorChange =
  | { what: 'guest'; guestId: string; state: FoundGuest['state'] | 'gone' }
  | { what: 'lost' | 'back' };

export interface DetachHow {
  keep: boolean;
  isLeaving?: boolean;
}

/** Every operation is idempotent: repeating it changes nothing and is no error. */
export interface Hypervisor {
  facts(): Promise<HypervisorFacts>;
  listGuests(): Promise<FoundGuest[]>;
  /**
   * Defines the guest without starting it. `nicSources`: by PCI address, the VF's interface under a
   * macvtap NIC, or the character device under a vDPA NIC.
   */
  define(guest: Guest, nicSources: Record<string, string>): Promise<void>;
  /** Throws `conflict` when one of its devices is in use by another running guest. */
  start(guestId: string): Promise<void>;
  /** Cuts the power. */
  destroy(guestId: string): Promise<void>;
  undefine(guestId: string): Promise<void>;
  /** Requests a shutdown, waits, and powers the guest off if it runs past the timeout. */
  shutDown(guestId: string): Promise<void>;
  /** Throws `conflict` when the guest is not running. */
  reboot(guestId: string): Promise<void>;
  /** Throws `conflict` when the guest is not running. */
  pause(guestId: string): Promise<void>;
  /** Throws `conflict` when the guest is neither running nor paused. */
  unpause(guestId: string): Promise<void>;
  /** Sends a non-maskable interrupt. Throws `conflict` when the guest is not running or paused. */
  injectNmi(guestId: string): Promise<void>;
  /**
   * Has the agent in the guest set this user's password. Throws `conflict` when the guest is not
   * running, `unavailable` with the host's error text when it has no agent, or that does not
   * answer.
   */
  setPassword(guestId: string, user: { name: string; password: string }): Promise<void>;
  /** Throws `conflict` when the guest is not running. */
  counters(guestId: string): Promise<GuestCounters>;
  /** Throws `conflict` when the guest is not running, or has a device of the host. */
  save(guestId: string): Promise<void>;
  /** Throws `conflict` when nothing was saved and the guest is not running. */
  restore(guestId: string): Promise<void>;
  /**
   * Adds the NIC, also to a running guest. Throws `notFound` for an unknown guest, `conflict` when
   * its device is in use by another running guest.
   */
  attachNic(guestId: string, nic: GuestNic, nicSources: Record<string, string>): Promise<void>;
  /**
   * Removes the NIC and returns once the guest has released its device. `keep`: from the running
   * guest only. `isLeaving`: the guest moves live next. No error when the guest or the NIC is gone.
   * Throws `unavailable` when the guest does not release it in time: it then still has it.
   */
  detachNic(guestId: string, nic: GuestNic, how?: DetachHow): Promise<void>;
  /** The domain XML as defined, or undefined when there is no such guest. */
  domainXml(guestId: string): Promise<string | undefined>;
  /**
   * Reports changes, including those that were not requested here, until the returned function is
   * called.
   */
  watch(listener: (change: HypervisorChange) => void): () => void;
  /** Disconnects; guests keep running. */
  close(): Promise<void>;
}

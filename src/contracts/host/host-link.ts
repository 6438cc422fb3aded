/**
 * What controller and agent say to each other. The agent dials out; commands are rows of the store
 * and the link only carries them, so a lost link loses nothing: on each new link the agent gets
 * every command again that has no recorded result, and sends every result again of which it does
 * not know that it is recorded.
 */
import type { Guest, GuestNic } from '#core/guests/description/guest.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { DeviceTags, PciFunction } from '#core/pci/devices/device.ts';
import type { FoundGuest, HypervisorFacts } from './hypervisor.ts';

/** Where the compute API takes the links of hosts. */
export const hostLinkPath = '/novella/v1/host-link';

/**
 * What an agent is commanded to do. Every command may be given again: what is done already is not
 * done twice, but for a reboot.
 */
export type HostCommandBody =
  | { do: 'spawn'; guest: Guest }
  | { do: 'destroy'; guestId: string }
  /**
   * Off, if it is on, and started as defined now; `staysOff`: only defined; `fresh`: its disk is
   * made again from its image.
   */
  | { do: 'respawn'; guest: Guest; staysOff?: true; fresh?: true }
  | { do: 'stop' | 'reboot' | 'pause' | 'unpause'; guestId: string }
  | { do: 'suspend' | 'resume'; guest: Guest }
  /** `guest`: as it is to be, with the NIC. */
  | { do: 'attach'; guest: Guest; nic: GuestNic }
  | { do: 'detach'; guestId: string; nic: GuestNic }
  /** The VF of this NIC, which a running guest has, is set as the NIC says now. */
  | { do: 'change-nic'; guestId: string; nic: GuestNic }
  | HostQuestion;

/**
 * Changes nothing, so it waits for no other command of its guest. `lines` null: all that is kept.
 */
export interface HostQuestion {
  do: 'console';
  guestId: string;
  lines: number | null;
}

export interface HostCommand {
  /**
   * Increases per host; a later command never overtakes an earlier one for the same guest.
   */
  seq: number;
  serverId: string;
  body: HostCommandBody;
}

/**
 * How a command ended. `domainXml`: the guest's definition after it; absent after a destroy.
 * `output`: what was asked for. `sameElsewhere`: no other host could do it either. `undone`:
 * nothing of what was asked for is on the host.
 */
export type CommandResult =
  | { ok: true; domainXml?: string; output?: string; steps: StepRecord[] }
  | {
      ok: false;
      message: string;
      detail: string;
      sameElsewhere?: true;
      undone?: true;
      steps: StepRecord[];
    };

/** One executed step, with its time. */
export interface StepRecord {
  step: string;
  milliseconds: number;
}

/**
 * The host as its agent sees it: facts, and the PCI functions that the host's device specs admit,
 * with their tags.
 */
export interface HostReport {
  facts: HypervisorFacts;
  hostIp: string;
  /** Physical networks that its ports reach: those of its device specs and of its bridges. */
  physicalNetworks: string[];
  devices: { function: PciFunction; tags: DeviceTags }[];
  guests: FoundGuest[];
  /**
   * Guests of which `guests` says nothing reliable, by id: they were being changed while it was
   * made.
   */
  unsettledGuests?: string[];
  /**
   * The hypervisor does not answer: `facts` are those last known or empty, `guests` says nothing.
   */
  hypervisorIsSilent?: true;
  /** What is wrong with the host; absent from agents that do not look. */
  problems?: HostProblem[];
  uptime?: Uptime;
}

/**
 * One line as the program `uptime` prints it. Example: ` 08:32:11 up 93 days, 18:25, 12 users, load
 * average: 0.20, 0.12, 0.14`.
 */
export type Uptime = string;

/** First comes `hello`. */
export type ToController =
  | { type: 'hello'; host: string; report: HostReport }
  | { type: 'report'; report: HostReport }
  | { type: 'result'; seq: number; result: CommandResult }
  /** How a guest was found, with nothing under way for it, after the host reported a change. */
  | { type: 'guest-changed'; guestId: string; state: FoundGuest['state'] | 'gone' }
  | { type: 'heartbeat'; uptime?: Uptime };

/**
 * `welcome` answers `hello`: the store's id of the host, in whose name numbers of commands count.
 * `recorded`: the result of this command is in the store, and need not be kept.
 */
export type ToAgent =
  | { type: 'welcome'; hostId: string }
  | { type: 'command'; command: HostCommand }
  | { type: 'recorded'; seq: number };

/** A host that has dialled in, and from where. `since`: epoch milliseconds. */
export interface LinkedHost {
  host: string;
  address: string;
  since: number;
}

/**
 * One end of the link. `Out` is what this end may say. What it hears comes in the order in which it
 * was said.
 */
export interface Channel<Out, In> {
  /** What is said into a link that is down is lost. */
  send(message: Out): void;
  /**
   * One listener. It hears what came before it, too; while a promise that it returned is open,
   * nothing more is handed to it.
   */
  onMessage(listener: (message: In) => void | Promise<void>): void;
  /**
   * Called once, at once when the link is down already. What came before may still be handed on.
   */
  onClose(listener: () => void): void;
  /** What was said before still arrives. */
  close(): void;
}

export type AgentEnd = Channel<ToController, ToAgent>;
export type ControllerEnd = Channel<ToAgent, ToController>;

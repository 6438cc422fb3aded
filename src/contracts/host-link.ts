/**
 * What controller and agent say to each other. The agent dials out; commands are rows of the store and the link only carries
 * them, so a lost link loses nothing: the agent says the last command it finished and gets the rest again.
 */
import type { Guest, GuestNic } from '#core/guests/guest.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { DeviceTags, PciFunction } from '#core/pci/device.ts';
import type { FoundGuest, HypervisorFacts } from './hypervisor.ts';

/** What an agent is told to do. Every command may be given again: what is done already is not done twice, but for a reboot. */
export type HostCommandBody =
  | { do: 'spawn'; guest: Guest }
  | { do: 'destroy'; guestId: string }
  /** Off, if it is on, and started as wished now; `staysOff`: only defined; `fresh`: its disk starts anew from its image. */
  | { do: 'respawn'; guest: Guest; staysOff?: true; fresh?: true }
  | { do: 'stop' | 'reboot' | 'pause' | 'unpause'; guestId: string }
  | { do: 'suspend' | 'resume'; guest: Guest }
  /** `guest`: as it is to be, with the NIC. */
  | { do: 'attach'; guest: Guest; nic: GuestNic }
  | { do: 'detach'; guestId: string; nic: GuestNic }
  | HostQuestion;

/** Changes nothing, so it waits for no other command of its guest. `lines` null: all that is kept. */
export interface HostQuestion {
  do: 'console';
  guestId: string;
  lines: number | null;
}

export interface HostCommand {
  /** Counts up per host, without gaps of meaning: a later command never overtakes an earlier one of the same guest. */
  seq: number;
  serverId: string;
  body: HostCommandBody;
}

/**
 * How a command ended. `domainXml`: the guest's definition after it; absent after a destroy. `output`: what was asked for.
 * `sameElsewhere`: no other host could do it either.
 */
export type CommandResult =
  | { ok: true; domainXml?: string; output?: string; steps: StepRecord[] }
  | { ok: false; message: string; detail: string; sameElsewhere?: true; steps: StepRecord[] };

/** One executed step, with its time. */
export interface StepRecord {
  step: string;
  milliseconds: number;
}

/** The host as its agent sees it: facts, and the PCI functions that the host's device specs admit, with their tags. */
export interface HostReport {
  facts: HypervisorFacts;
  hostIp: string;
  devices: { function: PciFunction; tags: DeviceTags }[];
  guests: FoundGuest[];
  /** Guests of which `guests` says nothing reliable, by id: they were being changed while it was made. */
  unsettledGuests?: string[];
  /** The hypervisor does not answer: `facts` are those last known or empty, `guests` says nothing. */
  hypervisorIsSilent?: true;
  /** What is wrong with the host; absent from agents that do not look. */
  problems?: HostProblem[];
}

export type ToController =
  | { type: 'hello'; host: string; report: HostReport }
  | { type: 'report'; report: HostReport }
  | { type: 'result'; seq: number; result: CommandResult }
  /** How a guest was found, with nothing under way for it, after the host told of a change. */
  | { type: 'guest-changed'; guestId: string; state: FoundGuest['state'] | 'gone' }
  | { type: 'heartbeat' };

export type ToAgent = { type: 'command'; command: HostCommand };

/** One end of the link. `Out` is what this end may say. */
export interface Channel<Out, In> {
  send(message: Out): void;
  onMessage(listener: (message: In) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

export type AgentEnd = Channel<ToController, ToAgent>;
export type ControllerEnd = Channel<ToAgent, ToController>;

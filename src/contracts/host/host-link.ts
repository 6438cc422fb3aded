/**
 * The messages between controller and agent. The agent connects to the controller; commands are
 * rows of the store and the link only carries them, so a lost link loses nothing: on each new link
 * the controller sends again every command without a recorded result, and the agent sends again
 * every result not yet confirmed as recorded.
 */
import type { Guest, GuestNic } from '#core/guests/description/guest.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { DeviceTags, PciFunction } from '#core/pci/devices/device.ts';
import type { HostOffer } from '#core/pci/specs/host-offer.ts';
import type { GuestCounters, VfTraffic } from './guest-counters.ts';
import type { ConsoleKind, ConsolePlace } from './guest-consoles.ts';
import type { MoveProgress } from './movable-guest.ts';
import type { FoundGuest, HypervisorFacts } from './hypervisor.ts';

/** The path on which a controller accepts links of hosts. */
export const hostLinkPath = '/novella/v1/host-link';

/** The path below which it accepts the connections of hosts to consoles: one, by its request. */
export const hostConsolePath = '/novella/v1/host-consoles';

/** The path of requests for a host's certificate. */
export const hostCertificatePath = '/novella/v1/host-certificate';

/**
 * The commands to an agent. Every command may be sent again: what is done already is not repeated,
 * except a reboot. `keepsFiles`: the guest's files are here, and stay: it starts again on its host,
 * or they are on storage that both hosts of a move share. Missing ones are an error. `fresh`: its
 * disk is created from its image, also where it has one here.
 */
export type HostCommandBody =
  /** `staysPaused`: its server is paused, and it returns after a move that failed. */
  | { do: 'spawn'; guest: Guest; staysPaused?: true; fresh?: true; keepsFiles?: true }
  | { do: 'destroy'; guestId: string; keepsFiles?: true }
  /**
   * Stops a running guest, and starts it as defined now; `staysOff`: only defines it.
   */
  | { do: 'respawn'; guest: Guest; staysOff?: true; fresh?: true; keepsFiles?: true }
  /**
   * Shuts the guest down and starts it from its rescue image. When it fails, the guest is started
   * again as it was; `staysOff`: only defined.
   */
  | { do: 'rescue'; guest: Guest; staysOff?: true }
  /**
   * Offers the files of a guest that has not left to this host; the result's `output` is the offer.
   * `mayBeOff`: it will not leave running, so it need not run; otherwise that is refused.
   */
  | { do: 'offer'; guest: Guest; to: string; mayBeOff?: true }
  /**
   * Checks whether the guest that still runs on this host, and will be shut down there, can come,
   * and fetches what does not change of its offered files.
   */
  | ({ do: 'prefetch'; guest: Guest } & ComingBody)
  /**
   * Checks whether the guest that runs on this host can come, fetches its offered files, and
   * expects it from there; the result's `output` is what that host needs to send it.
   */
  | ({ do: 'expect'; guest: Guest } & ComingBody)
  /**
   * Takes the guest off this host, and keeps its files; the result's `output` is the offer of them
   * to the other host. `arrival`: it runs until then and continues there, where it is expected by
   * this text; the offer is for the text of its console.
   */
  | { do: 'move-out'; guest: Guest; to: string; arrival?: string }
  /**
   * Receives a guest from this host, with the files that it offers (of a guest that is here, only
   * the text of its console), and brings it to this state.
   */
  | {
      do: 'move-in';
      guest: Guest;
      from: string;
      files: string;
      state: 'running' | 'paused' | 'shutOff';
      keepsFiles?: true;
    }
  /**
   * Makes the bytes of this image from the guest's disk. `runs`: the guest is paused while the disk
   * is copied.
   */
  | { do: 'snapshot'; guestId: string; imageId: string; runs?: true }
  /** `inject-nmi`: makes the guest's system write a dump, if it is set up for that. */
  | { do: 'stop' | 'reboot' | 'pause' | 'unpause' | 'inject-nmi'; guestId: string }
  | { do: 'suspend' | 'resume'; guest: Guest }
  /** `guest`: its target state, with the NIC. */
  | { do: 'attach'; guest: Guest; nic: GuestNic }
  | { do: 'detach'; guestId: string; nic: GuestNic }
  /** Sets the VF of this NIC, which a running guest has, to what the NIC specifies now. */
  | { do: 'change-nic'; guestId: string; nic: GuestNic }
  | HostQuestion;

/** Of a guest that is on another host. `mtus`: of the networks of its ports, by port. */
interface ComingBody {
  from: string;
  files: string;
  mtus?: Record<string, number>;
  keepsFiles?: true;
}

/**
 * Concerns only the running guest, so it waits for no other command of it. `lines` null: all that
 * is kept. `set-password`: by the guest's own agent.
 */
export type HostQuestion =
  | { do: 'console'; guestId: string; lines: number | null }
  | { do: 'counters'; guestId: string }
  /** Of a guest that is being sent to another host. */
  | { do: 'move-progress' | 'abort-move' | 'force-move'; guestId: string }
  /**
   * What the host offers, expects and fetches of the guest ends, with its connections to other
   * hosts; `peer`: of every guest that comes from this host, or goes there.
   */
  | { do: 'end-transfer'; guestId: string; peer?: string }
  | { do: 'set-password'; guestId: string; user: string; password: string };

/** The kinds of questions. */
export const questions: readonly HostCommandBody['do'][] = [
  'console',
  'counters',
  'move-progress',
  'abort-move',
  'force-move',
  'end-transfer',
  'set-password',
] satisfies HostQuestion['do'][];

export interface HostCommand {
  /**
   * Increases per host; a later command never overtakes an earlier one for the same guest.
   */
  seq: number;
  serverId: string;
  body: HostCommandBody;
  /** The request that it belongs to, for the agent's log. Absent: none, or it is not known. */
  requestId?: string;
}

/**
 * How a command ended. `domainXml`: the guest's definition after it; absent after a destroy.
 * `output`, `counters`, `progress`: what was requested. `sameElsewhere`: no other host could do it
 * either. `undone`: nothing of what was requested remains on the host, and the guest is as it was.
 * `aborted`: it was ended on request.
 */
export type CommandResult =
  | {
      ok: true;
      domainXml?: string;
      output?: string;
      counters?: GuestCounters;
      progress?: MoveProgress | null;
      steps: StepRecord[];
    }
  | {
      ok: false;
      message: string;
      detail: string;
      sameElsewhere?: true;
      undone?: true;
      aborted?: true;
      steps: StepRecord[];
    };

/**
 * One executed step, with its time. `after`: milliseconds from the arrival of its command to its
 * start; absent: its agent is older.
 */
export interface StepRecord {
  step: string;
  milliseconds: number;
  after?: number;
}

/**
 * The host as its agent sees it: facts, and the PCI functions admitted by the host's device specs,
 * with their tags.
 */
export interface HostReport {
  facts: HypervisorFacts;
  hostIp: string;
  /** Physical networks that its ports reach: those of its device specs and of its bridges. */
  physicalNetworks: string[];
  /** The bridge of its switch that steers devices by flows; absent: none. Example: `br-int`. */
  offloadBridge?: string;
  devices: { function: PciFunction; tags: DeviceTags }[];
  /** What its device specs do there. Absent: its agent is older. */
  offer?: HostOffer;
  guests: FoundGuest[];
  /** Ids of guests for which `guests` is unreliable: they were being changed while it was read. */
  unsettledGuests?: string[];
  /**
   * The hypervisor does not answer: `facts` are the last known ones or empty, `guests` is
   * meaningless.
   */
  hypervisorIsSilent?: true;
  /** Problems of the host; absent from agents that do not check. */
  problems?: HostProblem[];
  uptime?: Uptime;
  /** It answers requests for consoles. Absent: its agent is older, or its guests have none. */
  hasConsoles?: true;
  /** It fetches images on request. Absent: its agent is older. */
  cachesImages?: true;
}

/**
 * One line as the program `uptime` prints it. Example: ` 08:32:11 up 93 days, 18:25, 12 users, load
 * average: 0.20, 0.12, 0.14`.
 */
export type Uptime = string;

/**
 * A request for the console of a guest, which no store has. `open`: the host connects to
 * `hostConsolePath` with the id of the request.
 */
export interface ConsoleRequest {
  id: string;
  act: 'find' | 'open';
  guestId: string;
  kind: ConsoleKind;
  /** Which controller to connect to; absent: the one of this link. */
  at?: string;
}

/** `place` null: the guest has no console of this kind. An opened console gets no answer. */
export type ConsoleAnswer =
  | { id: string; place: ConsolePlace | null }
  | { id: string; problem: string; isConflict: boolean };

/**
 * `hello` comes first. `link`: the number of this link; a later link of the host has a greater one.
 * Absent: its agent is older.
 */
export type ToController =
  | { type: 'hello'; host: string; link?: number; report: HostReport }
  | { type: 'report'; report: HostReport }
  | { type: 'result'; seq: number; result: CommandResult }
  /** State of a guest with no operation in progress, read after the host reported a change. */
  | { type: 'guest-changed'; guestId: string; state: FoundGuest['state'] | 'gone' }
  | { type: 'heartbeat'; uptime?: Uptime }
  /** All VFs of running guests that are counted; sent to a controller that requires it. */
  | { type: 'traffic'; vfs: VfTraffic[] }
  | { type: 'console'; answer: ConsoleAnswer };

/**
 * To a host that connects with a token without an end: where it gets a certificate, from which
 * authority (its fingerprint). `url` absent: at that port of the host that it has connected to.
 */
export interface CertificateOffer {
  port: number;
  url?: string;
  authority: string;
}

/**
 * `welcome` answers `hello` with the store's id of the host, within which command numbers are
 * unique. `countsTraffic`: the host is to report the traffic of its guests' VFs. `recorded`: the
 * result of this command is in the store, and need not be kept.
 */
export type ToAgent =
  | { type: 'welcome'; hostId: string; offer?: CertificateOffer; countsTraffic?: true }
  | { type: 'command'; command: HostCommand }
  | { type: 'recorded'; seq: number }
  | { type: 'console'; request: ConsoleRequest }
  /** The host has had a link with this number: the next one needs a greater number. */
  | { type: 'outdated-link'; newest: number }
  /** To a host with a certificate: it replaces that now, and connects again with the new one. */
  | { type: 'renew-certificate' }
  /** Fetches the image now, for servers to come. Nothing answers it. */
  | { type: 'cache-image'; imageId: string };

/**
 * A connected host, and its address. `since`: epoch milliseconds; `serial`: of the certificate that
 * it has presented; null: a token.
 */
export interface LinkedHost {
  host: string;
  address: string;
  since: number;
  serial: string | null;
}

/** One end of the link. `Out` is what this end may send. Messages arrive in the order sent. */
export interface Channel<Out, In> {
  /** Messages sent into a link that is down are lost. */
  send(message: Out): void;
  /**
   * Sets the only listener. It also gets earlier messages; while a promise that it returned is
   * pending, it gets no further message.
   */
  onMessage(listener: (message: In) => void | Promise<void>): void;
  /**
   * Called once; immediately when the link is down already. Earlier messages may still be
   * delivered.
   */
  onClose(listener: () => void): void;
  /** Messages sent before still arrive. */
  close(): void;
}

export type AgentEnd = Channel<ToController, ToAgent>;
export type ControllerEnd = Channel<ToAgent, ToController>;

/**
 * What the steps of each workflow hand on in the task row. A row outlives the process that wrote
 * it: who changes a shape here changes its schema in the database too, and a shape that older rows
 * do not have needs a new version of them. Times are epoch milliseconds.
 */
import type { ErrorKind } from '#core/errors.ts';
import type { GuestState } from '#core/guests/follow-guest.ts';
import type { NetworkRequest } from '#core/networking/network-request.ts';
import type { Port } from '#core/networking/port.ts';
import type { Vif } from '#core/networking/vif.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { GuestNuma } from '#core/servers/guest-numa.ts';

/** The data of each kind of workflow. */
export interface TaskDataOf {
  boot: BootData;
  delete: DeleteData;
  act: ActData;
  attach: AttachData;
  detach: DetachData;
  follow: FollowData;
  'follow-ports': FollowPortsData;
}

/** Of a step that is tried again, ever more rarely. */
export interface RetryData {
  /** Absent: none yet. */
  tries?: number;
}

/** What of a port that needs a device a workflow hands on. */
export type DevicePort = Pick<Port, 'id' | 'vnicType' | 'profile'>;

/** Ports that need a device, as they were read. */
export interface DevicePorts {
  ports: DevicePort[];
  readAt: number;
}

/** What binding hands on to the wait for wiring, and that wait to itself. */
export interface PlugData {
  /** Ports that were not wired when they were bound, and that somebody is to wire. */
  unwired?: string[];
  plug?: { startedAt: number; deadline: number; looks: number };
}

/** What the removal of a guest hands on. */
export interface RemovalData extends RetryData {
  /** The host does not answer, and may have the guest. */
  hostIsSilent?: boolean;
  /** When the step that now waits for the host began. */
  startedAt?: number;
}

export interface BootData extends PlugData, RemovalData {
  /** 1 for the first host tried. */
  attempt: number;
  availabilityZone: string | null;
  forcedHost: string | null;
  /** The NUMA topology asked for, if any. */
  numa: GuestNuma | null;
  /** Hosts that were only silent have been given the time to report. */
  hasWaited?: boolean;
  failedHosts: { host: string; reason: string }[];
  /** Those of its ports that need a device. */
  devicePorts?: DevicePorts;
  /** Ids of servers it asks to share a host with one of. */
  sameHost?: string[];
  /** Ids of servers it asks to share a host with none of. */
  differentHost?: string[];
  /** Why the boot is being undone. `retry`: another host may help. */
  failure?: { message: string; detail: string; retry: boolean; kind?: ErrorKind };
}

export type DeleteData = RemovalData;

/** An act on a guest, by the name that its task keeps. */
export type GuestActName =
  | 'reboot'
  | 'hard-reboot'
  | 'stop'
  | 'start'
  | 'pause'
  | 'unpause'
  | 'suspend'
  | 'resume'
  | 'rebuild';

export interface ActData {
  act: GuestActName;
  /** The guest stays off when it is made again. */
  staysOff?: boolean;
  startedAt?: number;
}

/** What the removal of one NIC hands on. */
export interface NicRemovalData extends RetryData {
  nicId: string;
  startedAt?: number;
  /** There is no port to unbind. */
  portIsGone?: true;
  /** The host does not answer, and the action's message has that. */
  saidWhy?: boolean;
}

export interface AttachData extends NicRemovalData, PlugData {
  /** As it is asked for, before it has a row. */
  nic: NetworkRequest;
  pciRequest: PciRequest | null;
  devicePorts?: DevicePorts;
  /** Why the attach is being undone. */
  failure?: { message: string; kind?: ErrorKind };
}

export type DetachData = NicRemovalData;

export interface FollowData {
  /** As the host reported it. */
  state: GuestState;
  startedAt: number;
}

/** A NIC, the VIF it was compared with, and what that becomes. */
export interface ChangedNic {
  nicId: string;
  before: Vif;
  now: Vif;
}

export interface FollowPortsData {
  /** NICs whose ports have changed. */
  moved: ChangedNic[];
  /** The last event before the ports were read. */
  upTo: number;
  /** A VF of a running guest is to be set by its host. */
  needsHost?: boolean;
  startedAt?: number;
}

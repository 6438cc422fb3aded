/**
 * The data that the steps of each workflow pass on in the task row. A row outlives the process that
 * wrote it: a changed shape here requires a changed schema in the database too, and a shape that
 * older rows lack requires a new version. Times are epoch milliseconds.
 */
import type { ErrorKind } from '#core/errors.ts';
import type { RescueImage } from '#core/guests/build-guest.ts';
import type { GuestState } from '#core/guests/follow-guest.ts';
import type { NetworkRequest } from '#core/networking/network-request.ts';
import type { Port } from '#core/networking/port.ts';
import type { Vif } from '#core/networking/vif.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { GuestNuma } from '#core/servers/guest-numa.ts';
import type { VmState } from '#core/servers/server.ts';

/** The data of each kind of workflow. */
export interface TaskDataOf {
  boot: BootData;
  delete: DeleteData;
  act: ActData;
  attach: AttachData;
  detach: DetachData;
  follow: FollowData;
  'follow-ports': FollowPortsData;
  move: MoveData;
  shelve: ShelveData;
}

/** Of a step that is retried with increasing pauses. */
export interface RetryData {
  /** Absent: none yet. */
  tries?: number;
}

/** What a workflow passes on of a port that needs a device. */
export type DevicePort = Pick<Port, 'id' | 'vnicType' | 'profile'>;

/** Ports that need a device, as read. */
export interface DevicePorts {
  ports: DevicePort[];
  readAt: number;
}

/** What binding passes on to the wait for wiring, and that wait to itself. */
export interface PlugData {
  /** Ports that were not wired when they were bound, and that another party is to wire. */
  unwired?: string[];
  plug?: { startedAt: number; deadline: number; looks: number };
}

/** What the removal of a guest passes on. */
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
  /** The requested NUMA topology, if any. */
  numa: GuestNuma | null;
  /** The generation of its host's row from which on the row has the claim. */
  claimedAt?: number;
  /** Hosts that were excluded only as silent have been given time to report. */
  hasWaited?: boolean;
  failedHosts: { host: string; reason: string }[];
  /** Those of its ports that need a device. */
  devicePorts?: DevicePorts;
  /** Ids of servers; it must share a host with one of them. */
  sameHost?: string[];
  /** Ids of servers; it must share a host with none of them. */
  differentHost?: string[];
  /** Why the boot is being undone. `retry`: another host may help. */
  failure?: { message: string; detail: string; retry: boolean; kind?: ErrorKind };
}

/** An image that an interrupted workflow was making. */
export interface UnfinishedImage {
  id: string;
  /**
   * Its host was commanded to copy the disk to it: it stays if that succeeds before the guest is
   * removed.
   */
  staysIfCopied?: true;
}

export interface DeleteData extends RemovalData {
  /** To be deleted. */
  images?: UnfinishedImage[];
  /** A port may still be created for the server. */
  portsMayCome?: true;
  /** The move that the deletion has interrupted. */
  moveId?: string;
  /** The other host of that move does not answer. */
  otherIsSilent?: boolean;
}

export interface ShelveData extends RemovalData {
  /** The image that its disk is copied to. */
  imageId: string;
  /** The server's state before. */
  vmState: VmState;
  /** Why the guest is started again. */
  failure?: { message: string; detail: string; kind?: ErrorKind };
}

export interface MoveData extends RetryData {
  moveId: string;
  /** Administrator's choice of host, by name. */
  forcedHost: string | null;
  availabilityZone: string | null;
  /** NICs that a shelved server returns without, by id: their ports have been deleted. */
  lostNics?: string[];
  /** When the step that now waits for a host began. */
  startedAt?: number;
  /** The guest's files, as its old host described them. */
  files?: string;
  /** The image that the server was shelved to, and does not need any more. */
  imageId?: string;
  /** The old host was commanded to stop the guest; it starts it again if the move fails. */
  sourceMayBeOut?: boolean;
  /** The new host was commanded to start the guest, or to prepare for that. */
  targetMayHaveGuest?: boolean;
  /** The host that has to remove its guest does not answer. */
  isSilent?: boolean;
  /** The guest could not be started on its old host again. */
  sourceProblem?: string;
  /** Another new host is tried once this one has nothing of the move any more. */
  triesNext?: boolean;
  /** New hosts that failed before, and have nothing of the move any more. */
  failedHosts?: { host: string; reason: string }[];
  /**
   * Why the move is being undone; absent where its user requested that, or confirmed it. `retry`:
   * another new host may help.
   */
  failure?: {
    message: string;
    detail: string;
    retry?: boolean;
    kind?: ErrorKind;
    wasAborted?: true;
  };
}

/** An operation on a guest, by its name in the task row. */
export type GuestActName =
  | 'reboot'
  | 'hard-reboot'
  | 'stop'
  | 'start'
  | 'pause'
  | 'unpause'
  | 'suspend'
  | 'resume'
  | 'rebuild'
  | 'rescue'
  | 'unrescue'
  | 'snapshot'
  | 'backup'
  | 'crash-dump';

/** `rotation`: of a backup: how many of its type are kept. */
export interface MadeImage {
  id: string;
  rotation?: { backupType: string; keep: number };
}

export interface ActData extends RetryData {
  act: GuestActName;
  /** The guest stays off when it is recreated; of a rescue: it was off before. */
  staysOff?: boolean;
  /** Of a rescue. */
  rescueImage?: RescueImage;
  /** The image that a snapshot or a backup makes. */
  image?: MadeImage;
  startedAt?: number;
  /** Why the image is not made. */
  failure?: { message: string; detail: string; kind?: ErrorKind };
}

/** What the removal of one NIC passes on. */
export interface NicRemovalData extends RetryData {
  nicId: string;
  startedAt?: number;
  /** There is no port to unbind. */
  portIsGone?: true;
  /** The host does not answer, and the action's message states that. */
  saidWhy?: boolean;
}

export interface AttachData extends NicRemovalData, PlugData {
  /** As requested, before it has a row. */
  nic: NetworkRequest;
  pciRequest: PciRequest | null;
  devicePorts?: DevicePorts;
  /** Why the attach is being undone. */
  failure?: { message: string; kind?: ErrorKind };
}

export type DetachData = NicRemovalData;

export interface FollowData {
  /** As reported by the host. */
  state: GuestState;
  startedAt: number;
}

/** A NIC, the VIF it was compared with, and its new VIF. */
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
  /** The host is to set a VF of a running guest. */
  needsHost?: boolean;
  startedAt?: number;
}

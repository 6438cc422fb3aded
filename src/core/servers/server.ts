/**
 * A server: the user's view of one virtual machine. Its guest (the libvirt side) is
 * `core/guests/guest.ts`.
 */
import type { ServerKey } from '../key-pairs/key-pair.ts';
import type { NetworkRequest } from '../networking/network-request.ts';
import type { Vif } from '../networking/vif.ts';
import type { Flavor } from './flavor.ts';

export type VmState =
  | 'building'
  | 'active'
  | 'stopped'
  | 'paused'
  | 'suspended'
  | 'rescued'
  | 'resized'
  | 'shelved'
  | 'shelved_offloaded'
  | 'error'
  | 'deleted';

/** What is being done to it; null when nothing is. Wire spelling of Nova. */
export type TaskState =
  | 'scheduling'
  | 'networking'
  | 'spawning'
  | 'deleting'
  | 'powering-off'
  | 'powering-on'
  | 'rebooting'
  | 'rebooting_hard'
  | 'rebuilding'
  | 'pausing'
  | 'unpausing'
  | 'suspending'
  | 'resuming'
  | 'rescuing'
  | 'unrescuing'
  | 'resize_prep'
  | 'resize_migrating'
  | 'resize_finish'
  | 'resize_reverting'
  | 'migrating'
  | 'shelving'
  | 'shelving_image_uploading'
  | 'shelving_offloading'
  | 'unshelving'
  | 'image_snapshot'
  | 'image_backup'
  | null;

/** Nova's numbers: 0 no state, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended. */
export type PowerState = 0 | 1 | 3 | 4 | 6 | 7;

/** Why a server is in ERROR, for the user. `details` are for administrators. */
export interface ServerFault {
  code: number;
  message: string;
  details: string;
  created: number;
}

/** One NIC of a server: the request, and the port and VIF once known. */
export interface ServerNic extends NetworkRequest {
  id: string;
  /** Place in the boot request; the guest's NIC order. */
  position: number;
  /** Novella made the port, so Novella deletes it; a user's port survives its server. */
  ownsPort: boolean;
  vif: Vif | null;
}

/** Times are epoch milliseconds. */
export interface Server {
  id: string;
  /** Increasing number; the guest's name is derived from it: `instance-0000002a`. */
  serial: number;
  name: string;
  hostname: string;
  description: string | null;
  projectId: string;
  userId: string;
  imageId: string | null;
  /** Of the image when the server was made or rebuilt. Example: `{ hw_vif_model: 'e1000' }`. */
  imageProperties: Record<string, string>;
  flavor: Flavor;
  keyName: string | null;
  /** The key of that name, as it was when the server got it. */
  key: ServerKey | null;
  metadata: Record<string, string>;
  tags: string[];
  userData: string | null;
  configDrive: boolean;
  accessIpv4: string | null;
  accessIpv6: string | null;
  diskConfig: 'AUTO' | 'MANUAL';
  /** Of its disk, while it is shelved. */
  shelvedImageId: string | null;
  /** Of its host, once it has one. */
  availabilityZone: string | null;
  /** The zone that its user requested, which it never leaves; null: any. */
  pinnedZone: string | null;
  reservationId: string;
  launchIndex: number;
  locked: boolean;
  lockedReason: string | null;
  /** null: it is not locked. `admin`: by a user of another project. Source: Nova `locked_by`. */
  lockedBy: 'owner' | 'admin' | null;
  vmState: VmState;
  taskState: TaskState;
  powerState: PowerState;
  hostId: string | null;
  hostName: string | null;
  fault: ServerFault | null;
  createdAt: number;
  updatedAt: number;
  launchedAt: number | null;
  terminatedAt: number | null;
  deletedAt: number | null;
  nics: ServerNic[];
}

/**
 * The whole state of a cloud at one moment, as rows of its database and files of its simulated
 * hosts: what the checks read.
 */
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { PciDevicePool } from '#core/pci/pools/pool.ts';
import type { Flavor } from '#core/servers/flavor.ts';

/** Times are epoch milliseconds; ids of hosts are those of `compute_nodes`. */
export interface Snapshot {
  /** What the database's own checks of its file report; empty: nothing. */
  damage: string[];
  servers: ServerRow[];
  nics: NicRow[];
  requests: RequestRow[];
  hosts: HostRow[];
  /** By host. */
  devices: ReadonlyMap<string, PciDevice[]>;
  tasks: TaskRow[];
  commands: CommandRow[];
  actions: ActionRow[];
  ports: PortRow[];
  /** Of ports, on the hosts where they are not active. */
  bindings: BindingRow[];
  moves: MoveRow[];
  /** Ids of the images that have their bytes. */
  images: string[];
  guests: GuestFile[];
}

export interface ServerRow {
  id: string;
  projectId: string;
  flavor: Pick<Flavor, 'vcpus' | 'memoryMib' | 'diskGib' | 'ephemeralGib'>;
  vmState: string;
  taskState: string | null;
  /** 1: its guest runs. */
  powerState: number;
  /** The image that it was shelved to. */
  shelvedImageId: string | null;
  hostId: string | null;
  hostName: string | null;
  /** Message of the fault; null: none. */
  fault: string | null;
  isDeleted: boolean;
}

export interface NicRow {
  serverId: string;
  portId: string | null;
  pciRequestId: string | null;
  isLive: boolean;
}

export interface RequestRow {
  serverId: string;
  requestId: string;
  count: number;
}

export interface HostRow {
  id: string;
  name: string;
  used: Amounts;
  pools: PciDevicePool[];
  /** Servers with a share of its NUMA nodes. */
  numaHolders: string[];
}

/** Booked on a host. */
export interface Amounts {
  vcpus: number;
  memoryMib: number;
  diskGib: number;
}

export interface TaskRow {
  serverId: string;
  kind: string;
  /** null: its workflow has ended. */
  step: string | null;
  leasedBy: string | null;
}

export interface CommandRow {
  hostId: string;
  seq: number;
  serverId: string;
  kind: string;
  hasResult: boolean;
}

export interface ActionRow {
  serverId: string;
  requestId: string;
  action: string;
  /** null: its workflow has not ended. */
  outcome: string | null;
}

export interface PortRow {
  id: string;
  name: string;
  deviceId: string;
  bindingHost: string;
  /** The device in its `binding:profile`; null: none. */
  pciSlot: string | null;
}

export interface BindingRow {
  portId: string;
  host: string;
}

/** A row of `migrations`. */
export interface MoveRow {
  id: string;
  serverId: string;
  type: string;
  status: string;
  sourceId: string | null;
  targetId: string | null;
  /** The host that may still have a guest of it. */
  leftOn: string | null;
  context: {
    flavors: Record<'before' | 'after', ServerRow['flavor']>;
    requests: Record<'before' | 'after', { requestId: string; count: number }[]>;
  };
}

/** A guest as its host keeps it. */
export interface GuestFile {
  host: string;
  id: string;
  state: string;
  /** Addresses of the PCI devices it has now. */
  devices: string[];
  /** Addresses of those in its definition: a saved guest gets them back when it is restored. */
  defined: string[];
  /** Ports of its NICs. */
  ports: string[];
}

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
  guests: GuestFile[];
}

export interface ServerRow {
  id: string;
  projectId: string;
  flavor: Pick<Flavor, 'vcpus' | 'memoryMib' | 'diskGib' | 'ephemeralGib'>;
  vmState: string;
  taskState: string | null;
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

/** Steps of a deletion whose server is deleted, but whose silent host may still have the guest. */
const waitingForHost = ['host-returned', 'remove-guest-again'];

/**
 * Servers that hold what they claimed: those not deleted, and deleted ones whose silent host has
 * not confirmed that the guest is gone.
 */
export function holdersIn({ servers, tasks }: Snapshot): Map<string, ServerRow> {
  const waiting = new Set(
    tasks.filter(({ step }) => waitingForHost.includes(step ?? '')).map((task) => task.serverId),
  );
  const holders = servers.filter(({ id, isDeleted }) => !isDeleted || waiting.has(id));
  return new Map(holders.map((server) => [server.id, server]));
}

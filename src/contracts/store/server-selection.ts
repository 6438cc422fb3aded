/**
 * The contents and order of a list of servers, in terms that a database answers from its own
 * columns and indexes.
 */

import type { FixedIp } from '#core/networking/port.ts';
import type { Vif } from '#core/networking/vif.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';

/**
 * The fields by which servers are filtered and sorted. `rootDevice`, `hasConfigDrive` and
 * `hasAutoDisk` are those shown by the views.
 */
export type ServerField =
  | 'id'
  | 'name'
  | 'hostname'
  | 'description'
  | 'projectId'
  | 'userId'
  | 'imageId'
  | 'flavorId'
  | 'kernelId'
  | 'ramdiskId'
  | 'rootDevice'
  | 'keyName'
  | 'hasConfigDrive'
  | 'accessIpv4'
  | 'accessIpv6'
  | 'hasAutoDisk'
  | 'availabilityZone'
  | 'launchIndex'
  | 'locked'
  | 'vmState'
  | 'taskState'
  | 'powerState'
  | 'hostId'
  | 'hostName'
  | 'createdAt'
  | 'updatedAt'
  | 'launchedAt'
  | 'terminatedAt';

type Values = readonly (string | number | boolean | null)[];

/**
 * The field has one of these values, or none of them. null: it has no value. Example: `{ field:
 * 'vmState', oneOf: ['active', 'paused'] }`.
 */
export type ServerCondition = { field: ServerField } & ({ oneOf: Values } | { noneOf: Values });

/**
 * Example: `{ projectId: 'p', deleted: 'none', limit: 20 }`: the newest twenty of a project. Times
 * are epoch milliseconds.
 */
export interface ServerSelection {
  /** Absent: of all projects. */
  projectId?: string;
  deleted: 'none' | 'only' | 'too';
  /** All of them hold. */
  where?: readonly ServerCondition[];
  /** All conditions of at least one of these groups hold; without any group no server matches. */
  either?: readonly (readonly ServerCondition[])[];
  changedSince?: number;
  changedBefore?: number;
  /** In order of precedence. Among equals, and without any, newest first. */
  order?: readonly { by: ServerField; direction: 'asc' | 'desc' }[];
  /** Only what follows this server in the order; it may be a deleted one. */
  after?: string;
  limit: number;
}

/** A NIC as lists show it. `vif` null until its port is bound. */
export type ShownNic = Pick<ServerNic, 'portId' | 'pciRequestId'> & {
  vif: {
    macAddress: string;
    network: Pick<Vif['network'], 'name'>;
    fixedIps: readonly Pick<FixedIp, 'ipAddress' | 'floatingIps'>[];
  } | null;
};

/**
 * A server as lists show it: of its NICs only the addresses, of its key only the name. Its objects
 * must not be changed.
 */
export type ShownServer = Omit<Server, 'nics' | 'key' | 'shelvedImageId'> & {
  nics: readonly ShownNic[];
};

/** What a list shows of a server without reading all of its rows. */
export interface ListedServer {
  id: string;
  name: string;
}

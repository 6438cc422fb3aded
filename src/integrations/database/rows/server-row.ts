/** Converts servers and their NICs between core objects and rows. */
import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { type FieldMap, toColumns, toFields, toRow } from './field-map.ts';
import type { InstanceNicRow, InstanceRow } from '../engine/tables.ts';

/** The fields of a server that may change, all in its own row. */
export type ServerFields = Omit<Server, 'id' | 'serial' | 'nics'>;

const serverMap: FieldMap<ServerFields, InstanceRow> = {
  name: ['display_name', 'plain'],
  hostname: ['hostname', 'plain'],
  description: ['display_description', 'plain'],
  projectId: ['project_id', 'plain'],
  userId: ['user_id', 'plain'],
  imageId: ['image_ref', 'plain'],
  imageProperties: ['image_properties', 'json'],
  flavor: ['flavor', 'json'],
  keyName: ['key_name', 'plain'],
  key: ['key_data', 'json'],
  metadata: ['metadata', 'json'],
  tags: ['tags', 'json'],
  userData: ['user_data', 'plain'],
  configDrive: ['config_drive', 'flag'],
  accessIpv4: ['access_ip_v4', 'plain'],
  accessIpv6: ['access_ip_v6', 'plain'],
  diskConfig: ['disk_config', 'plain'],
  shelvedImageId: ['shelved_image', 'plain'],
  availabilityZone: ['availability_zone', 'plain'],
  pinnedZone: ['pinned_zone', 'plain'],
  reservationId: ['reservation_id', 'plain'],
  launchIndex: ['launch_index', 'plain'],
  locked: ['locked', 'flag'],
  lockedReason: ['locked_reason', 'plain'],
  lockedBy: ['locked_by', 'plain'],
  vmState: ['vm_state', 'plain'],
  taskState: ['task_state', 'plain'],
  powerState: ['power_state', 'plain'],
  hostId: ['compute_node_id', 'plain'],
  hostName: ['host', 'plain'],
  fault: ['fault', 'json'],
  createdAt: ['created_at', 'plain'],
  updatedAt: ['updated_at', 'plain'],
  launchedAt: ['launched_at', 'plain'],
  terminatedAt: ['terminated_at', 'plain'],
  deletedAt: ['deleted_at', 'plain'],
};

const nicMap: FieldMap<ServerNic, InstanceNicRow> = {
  id: ['id', 'plain'],
  position: ['position', 'plain'],
  networkId: ['network_id', 'plain'],
  fixedIp: ['fixed_ip', 'plain'],
  portId: ['port_id', 'plain'],
  tag: ['tag', 'plain'],
  pciRequestId: ['pci_request_id', 'plain'],
  ownsPort: ['owns_port', 'flag'],
  vif: ['vif', 'json'],
};

/** The columns that a change of a server sets. */
export function serverColumns(change: Partial<ServerFields>): Updateable<InstanceRow> {
  return toColumns(serverMap, change);
}

/** Columns that databases before migrations 0025 to 0031 do not have. Their default is null. */
const later = [
  'key_data',
  'locked_by',
  'pinned_zone',
  'shelved_image',
] as const satisfies (keyof InstanceRow)[];

/** The row of a new server. */
export function instanceRow(server: Omit<Server, 'serial'>): Insertable<InstanceRow> {
  const row = toRow(serverMap, server, { uuid: server.id });
  for (const column of later) if (row[column] === null) delete row[column];
  return row;
}

/** The row of a live NIC. */
export function nicRow(serverId: string, nic: ServerNic): Insertable<InstanceNicRow> {
  return toRow(nicMap, nic, { instance_uuid: serverId, live: 1 });
}

/** The server of this row, with the NICs of these rows. */
export function toServer(row: Selectable<InstanceRow>, nics: InstanceNicRow[]): Server {
  return {
    id: row.uuid,
    serial: row.id,
    ...toFields(serverMap, row),
    nics: nics.map((nic) => toFields(nicMap, nic)),
  };
}

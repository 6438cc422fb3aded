/**
 * Servers as lists show them. A page of servers repeats few documents, such as its flavors: each
 * text is read once.
 */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { Kysely, Selectable } from 'kysely';
import type { ServerStore } from '#contracts/store/store.ts';
import type { ShownNic, ShownServer } from '#contracts/store/server-selection.ts';
import type { Server } from '#core/servers/server.ts';
import { eachTextOnce } from '../rows/each-text-once.ts';
import { readRows } from '../rows/readable-rows.ts';
import { prepared } from '../rows/prepared.ts';
import { isInList, valuesInJson } from '../engine/dialect.ts';
import { firstPage, firstPages, selectionQuery, selectServers } from './server-selection.ts';
import type { ComputeTables, InstanceRow } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

const serversAtOnce = 250;

/** Two statements for up to 250 servers. */
export function shownServers(db: Db): Pick<ServerStore, 'read' | 'selectShown'> {
  const read: ServerStore['read'] = (ids) =>
    inParts(ids, async (part) => {
      const { rows } = await serversOf(db, { list: JSON.stringify(part) });
      const byId = new Map(rows.map((row) => [row.uuid, row]));
      return withNics(
        db,
        part.flatMap((id) => byId.get(id) ?? []),
      );
    });
  return {
    read,
    selectShown: async (selection) => {
      const rows = await firstPage(db, selection, pages);
      if (rows === undefined) return selectServers(db, selection);
      const servers = await inParts(rows, (part) => withNics(db, part));
      if (servers.length === rows.length) return servers;
      // A page has its damaged rows too: the next one begins after its last row.
      const byId = new Map(servers.map((server) => [server.id, server]));
      return rows.map(({ uuid, display_name: name }) => byId.get(uuid) ?? { id: uuid, name });
    },
  };
}

/** SQLite answers synchronously: other requests get a turn between the parts of a long list. */
async function inParts<Item>(
  items: readonly Item[],
  read: (part: readonly Item[]) => Promise<ShownServer[]>,
): Promise<ShownServer[]> {
  const servers: ShownServer[] = [];
  for (let start = 0; start < items.length; start += serversAtOnce) {
    if (start > 0) await afterEvents();
    servers.push(...(await read(items.slice(start, start + serversAtOnce))));
  }
  return servers;
}

async function withNics(db: Db, rows: readonly ServerRow[]): Promise<ShownServer[]> {
  const { rows: nics } = await nicsOf(db, { list: JSON.stringify(rows.map(({ uuid }) => uuid)) });
  const byServer = Map.groupBy(nics, (nic) => nic.instance_uuid);
  const read = eachTextOnce();
  return readRows('instances', rows, (row) => toShown(row, byServer.get(row.uuid) ?? [], read));
}

/** Without the columns that the database computes of the flavor. */
const columns = [
  'id',
  'uuid',
  'display_name',
  'hostname',
  'display_description',
  'project_id',
  'user_id',
  'image_ref',
  'image_properties',
  'flavor',
  'key_name',
  'metadata',
  'tags',
  'user_data',
  'config_drive',
  'access_ip_v4',
  'access_ip_v6',
  'disk_config',
  'availability_zone',
  'pinned_zone',
  'reservation_id',
  'launch_index',
  'locked',
  'locked_reason',
  'locked_by',
  'vm_state',
  'task_state',
  'power_state',
  'compute_node_id',
  'host',
  'fault',
  'created_at',
  'updated_at',
  'launched_at',
  'terminated_at',
  'deleted_at',
] as const satisfies (keyof InstanceRow)[];

type ServerRow = Pick<Selectable<InstanceRow>, (typeof columns)[number]>;

/** `list`: of ids, as JSON. */
const serversOf = prepared((db: Db, { list }: { list: string }) =>
  db.selectFrom('instances').select(columns).where(isInList('uuid', list)),
);

const pages = firstPages<ServerRow>((db, selection) =>
  selectionQuery(db, selection).clearSelect().select(columns),
);

interface NicRow {
  port_id: string | null;
  pci_request_id: string | null;
  vif: string | null;
}

/** The database reads the few parts of a VIF that are shown: it is by far the longest document. */
const nicsOf = prepared((db: Db, { list }: { list: string }) =>
  db
    .selectFrom('instance_nics')
    .select([
      'instance_uuid',
      'port_id',
      'pci_request_id',
      valuesInJson('vif', ['macAddress', 'network.name', 'fixedIps']).as('vif'),
    ])
    .where(isInList('instance_uuid', list))
    .orderBy('position'),
);

function toShown(
  row: ServerRow,
  nics: readonly NicRow[],
  read: (text: string) => unknown,
): ShownServer {
  return {
    id: row.uuid,
    serial: row.id,
    name: row.display_name,
    hostname: row.hostname,
    description: row.display_description,
    projectId: row.project_id,
    userId: row.user_id,
    imageId: row.image_ref,
    imageProperties: read(row.image_properties) as Server['imageProperties'],
    flavor: read(row.flavor) as Server['flavor'],
    keyName: row.key_name,
    metadata: read(row.metadata) as Server['metadata'],
    tags: read(row.tags) as Server['tags'],
    userData: row.user_data,
    configDrive: row.config_drive !== 0,
    accessIpv4: row.access_ip_v4,
    accessIpv6: row.access_ip_v6,
    diskConfig: row.disk_config as Server['diskConfig'],
    availabilityZone: row.availability_zone,
    pinnedZone: row.pinned_zone ?? null,
    reservationId: row.reservation_id,
    launchIndex: row.launch_index,
    locked: row.locked !== 0,
    lockedReason: row.locked_reason,
    lockedBy: (row.locked_by ?? null) as Server['lockedBy'],
    vmState: row.vm_state as Server['vmState'],
    taskState: row.task_state as Server['taskState'],
    powerState: row.power_state as Server['powerState'],
    hostId: row.compute_node_id,
    hostName: row.host,
    fault: row.fault === null ? null : (read(row.fault) as Server['fault']),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    launchedAt: row.launched_at,
    terminatedAt: row.terminated_at,
    deletedAt: row.deleted_at,
    nics: nics.map(toNic),
  };
}

type VifParts = [
  macAddress: string,
  networkName: string,
  fixedIps: NonNullable<ShownNic['vif']>['fixedIps'],
];

function toNic({ port_id: portId, pci_request_id: pciRequestId, vif }: NicRow): ShownNic {
  if (vif === null) return { portId, pciRequestId, vif: null };
  const [macAddress, name, fixedIps] = JSON.parse(vif) as VifParts;
  return { portId, pciRequestId, vif: { macAddress, network: { name }, fixedIps } };
}

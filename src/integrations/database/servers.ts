/** Servers with their NICs, requests and history. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type { NewServer, ServerFilter, ServerStore } from '#contracts/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { insertAction, listActions } from './actions.ts';
import { newestDomainXml } from './commands.ts';
import { listDecisions } from './decisions.ts';
import { refusePortInUse, writeNics } from './nics.ts';
import { insertPciRequests, listPciRequests } from './pci-requests.ts';
import { serversAllowed } from './quota-usage.ts';
import { readRows } from './readable-rows.ts';
import { joinGroup } from './server-groups.ts';
import { instanceRow, serverColumns, toServer } from './server-row.ts';
import type { ComputeTables } from './tables.ts';
import { insertTask } from './tasks.ts';

type Db = Kysely<ComputeTables>;

export function serverStore(db: Db, clock: Clock): ServerStore {
  return {
    create: (newServer) =>
      refusePortInUse(db, newServer.server.nics, () =>
        db.transaction().execute((trx) => createServer(trx, newServer)),
      ),
    createWithin: (quota, newServers) =>
      refusePortInUse(
        db,
        newServers.flatMap(({ server }) => server.nics),
        () => db.transaction().execute((trx) => createWithin(trx, quota, newServers)),
      ),
    get: async (id) => (await readServers(db, (query) => query.where('uuid', '=', id)))[0],
    list: (filter) => readServers(db, (query) => narrow(query, filter)),
    pciRequests: (serverId) => listPciRequests(db, serverId),
    decisions: (serverId) => listDecisions(db, serverId),
    actions: (serverId) => listActions(db, serverId),
    update: async (id, change) => {
      const { numUpdatedRows } = await db
        .updateTable('instances')
        .set({ updated_at: clock.now(), ...serverColumns(change) })
        .where('uuid', '=', id)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) {
        throw new ComputeError('notFound', `Instance ${id} could not be found.`);
      }
    },
    domainXml: (serverId) => newestDomainXml(db, serverId),
  };
}

async function createServer(
  trx: Db,
  { server, pciRequests, groupId, task, action }: NewServer,
): Promise<Server> {
  const { id: serial } = await trx
    .insertInto('instances')
    .values(instanceRow(server))
    .returning('id')
    .executeTakeFirstOrThrow();
  await writeNics(trx, server.id, server.nics);
  await insertPciRequests(trx, server.id, pciRequests);
  if (groupId !== null) await joinGroup(trx, server.id, groupId);
  await insertAction(trx, action);
  await insertTask(trx, task);
  return { ...server, serial };
}

async function createWithin(
  trx: Db,
  quota: Parameters<ServerStore['createWithin']>[0],
  newServers: readonly NewServer[],
): Promise<Server[]> {
  const allowed = await serversAllowed(trx, newServers, quota);
  const servers: Server[] = [];
  for (const newServer of newServers.slice(0, allowed)) {
    servers.push(await createServer(trx, newServer));
    // SQLite answers at once: sockets and timers get a turn between the rows of a long transaction.
    await afterEvents();
  }
  return servers;
}

type InstanceQuery<Selected> = SelectQueryBuilder<ComputeTables, 'instances', Selected>;
type Narrow = <Selected>(query: InstanceQuery<Selected>) => InstanceQuery<Selected>;

function narrow<Selected>(
  query: InstanceQuery<Selected>,
  { projectId, hostId, includeDeleted }: ServerFilter,
): InstanceQuery<Selected> {
  let narrowed = query;
  if (projectId !== undefined) narrowed = narrowed.where('project_id', '=', projectId);
  if (hostId !== undefined) narrowed = narrowed.where('compute_node_id', '=', hostId);
  if (includeDeleted !== true) narrowed = narrowed.where('deleted_at', 'is', null);
  return narrowed;
}

/** Servers newest first, in two queries however many they are. */
async function readServers(db: Db, narrow: Narrow): Promise<Server[]> {
  const rows = await narrow(db.selectFrom('instances').selectAll())
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  if (rows.length === 0) return [];
  const nics = await db
    .selectFrom('instance_nics')
    .selectAll()
    .where('instance_uuid', 'in', narrow(db.selectFrom('instances').select('uuid')))
    .orderBy('position')
    .execute();
  const nicsOf = Map.groupBy(nics, (nic) => nic.instance_uuid);
  return readRows('instances', rows, (row) => toServer(row, nicsOf.get(row.uuid) ?? []));
}

/** Servers with their NICs, requests and history. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { Insertable, Kysely } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type {
  ActionEvent,
  NewAction,
  NewClaim,
  NewServer,
  ServerChange,
  ServerFilter,
  ServerStore,
} from '#contracts/store/store.ts';
import type { ServerQuota } from '#contracts/store/projects/quota-store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { findAction, insertAction, listActions, recordProgress } from '../tasks/actions.ts';
import { newestDomainXml } from '../tasks/commands.ts';
import { mendServer, serverDamage } from './damaged-servers.ts';
import { insertDecision, listDecisions } from './decisions.ts';
import type { RecordedChanges } from '../hosts/host-changes.ts';
import { applyHostChange } from '../hosts/hosts.ts';
import { insertNics, refusePortInUse } from './nics.ts';
import { listPciRequests, requestsColumn } from './pci-requests.ts';
import { serversAllowed } from '../projects/quotas.ts';
import { prepared, preparedChange } from '../rows/prepared.ts';
import { readRows } from '../rows/readable-rows.ts';
import { writeServer } from '../rows/write-server.ts';
import { isInList } from '../engine/dialect.ts';
import { joinGroup } from './server-groups.ts';
import { instanceRow, serverColumns, toServer } from '../rows/server-row.ts';
import { serverStanding } from './server-standing.ts';
import { shownServers } from './shown-servers.ts';
import { selectServers, serverSelections } from './server-selection.ts';
import type { ComputeTables, InstanceRow } from '../engine/tables.ts';
import { insertTask } from '../tasks/tasks.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

export function serverStore(
  db: Db,
  { clock, recorded }: { clock: Clock; recorded: RecordedChanges },
): ServerStore {
  return {
    create: (newServer) =>
      refusePortInUse(db, newServer.server.nics, () =>
        inTransaction(db, (trx) => createServer(trx, newServer)),
      ),
    createWithin: (quota, newServers) =>
      refusePortInUse(
        db,
        newServers.flatMap(({ server }) => server.nics),
        () => inTransaction(db, (trx) => createWithin(trx, quota, newServers)),
      ),
    createClaimed: async (quota, newServer, claim) => {
      const server = await refusePortInUse(db, newServer.server.nics, () =>
        inTransaction(db, (trx) => createClaimed(trx, { quota, newServer, claim })),
      ).catch(ifStale);
      if (server !== undefined) recorded.add(claim.host);
      return server;
    },
    get: async (id) => (await readServers(db, [id]))[0],
    standing: (id) => serverStanding(db, id),
    damage: (id) => serverDamage(db, id),
    mend: (id) => inTransaction(db, (trx) => mendServer(trx, id)),
    list: (filter) => listServers(db, filter),
    onHosts: (hostIds) => serversOnHosts(db, hostIds),
    ...serverSelections(db),
    ...shownServers(db),
    pciRequests: (serverId) => listPciRequests(db, serverId),
    decisions: (serverId) => listDecisions(db, serverId),
    actions: (serverId, page) => listActions(db, serverId, page),
    action: (serverId, requestId) => findAction(db, serverId, requestId),
    update: (id, change) =>
      typeof change !== 'function'
        ? updateServer(db, id, change, clock)
        : inTransaction(db, async (trx) => {
            const [server] = await readServers(trx, [id]);
            if (server === undefined) throw noSuchServer(id);
            await updateServer(trx, id, change(server), clock);
          }),
    perform: (action, event, change) =>
      inTransaction(db, (trx) => perform(trx, { action, event, change })),
    domainXml: (serverId) => newestDomainXml(db, serverId),
  };
}

// oxlint-disable-next-line max-params -- which, what and when
async function updateServer(db: Db, id: string, change: ServerChange, clock: Clock): Promise<void> {
  const columns = { updated_at: clock.now(), ...serverColumns(change) };
  const { numAffectedRows = 0n } = await writeServer(db, columns, { serverId: id });
  if (numAffectedRows === 0n) throw noSuchServer(id);
}

interface Performed {
  action: NewAction;
  event: string | null;
  change: (server: Server) => ServerChange | undefined;
}

async function perform(trx: Db, { action, event, change }: Performed): Promise<void> {
  const [server] = await readServers(trx, [action.serverId]);
  if (server === undefined || server.deletedAt !== null) throw noSuchServer(action.serverId);
  const changed = change(server);
  if (changed === undefined) return;
  const now = action.startedAt;
  await updateServer(trx, server.id, changed, { now: () => now });
  await insertAction(trx, action);
  const ended = { startedAt: now, finishedAt: now, result: 'Success', details: null } as const;
  await recordProgress(trx, action.id, {
    ...(event !== null && { events: [{ ...ended, name: event, host: null }] }),
    outcome: { is: 'ok' },
    now,
  });
}

function noSuchServer(id: string): ComputeError {
  return new ComputeError('notFound', `Instance ${id} could not be found.`);
}

const insert = preparedChange((db: Db, row: Insertable<InstanceRow>) =>
  db.insertInto('instances').values(row).returning('id'),
);

/** `events`: of its action so far. */
async function createServer(
  trx: Db,
  { server, pciRequests, groupId, task, action }: NewServer,
  events: readonly ActionEvent[] = [],
): Promise<Server> {
  const { rows } = await insert(
    trx,
    { ...instanceRow(server), ...requestsColumn(pciRequests) },
    {},
  );
  const [row] = rows;
  invariant(row, `server ${server.id} was created but has no number`);
  await insertNics(trx, server.id, server.nics);
  if (groupId !== null) await joinGroup(trx, server.id, groupId);
  await insertAction(trx, action, events);
  await insertTask(trx, task);
  return { ...server, serial: row.id };
}

/** Rolls the transaction back: the host has changed since it was read. */
class StaleHost extends Error {}

function ifStale(error: unknown): undefined {
  if (!(error instanceof StaleHost)) throw error;
}

async function createClaimed(
  trx: Db,
  { quota, newServer, claim }: { quota: ServerQuota; newServer: NewServer; claim: NewClaim },
): Promise<Server> {
  await serversAllowed(trx, [newServer], quota);
  const server = await createServer(trx, newServer, claim.events);
  const { host, decision } = claim;
  if (!(await applyHostChange(trx, host, decision.decidedAt))) throw new StaleHost();
  await insertDecision(trx, decision);
  return server;
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
    // SQLite answers synchronously: sockets and timers get a turn in a long transaction.
    await afterEvents();
  }
  return servers;
}

/** All matching servers, newest first. */
async function listServers(db: Db, filter: ServerFilter): Promise<Server[]> {
  const { projectId, hostId, includeDeleted } = filter;
  const ids = await selectServers(db, {
    ...(projectId !== undefined && { projectId }),
    ...(hostId !== undefined && { where: [{ field: 'hostId', oneOf: [hostId] } as const] }),
    deleted: includeDeleted === true ? 'too' : 'none',
    limit: Number.MAX_SAFE_INTEGER,
  });
  return readServers(
    db,
    ids.map(({ id }) => id),
  );
}

async function serversOnHosts(db: Db, hostIds: readonly string[]): Promise<Map<string, string[]>> {
  if (hostIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('instances')
    .select(['uuid', 'compute_node_id'])
    .where('compute_node_id', 'in', hostIds)
    .where('deleted_at', 'is', null)
    .execute();
  const ofHost = Map.groupBy(rows, (row) => row.compute_node_id ?? '');
  return new Map([...ofHost].map(([id, servers]) => [id, servers.map(({ uuid }) => uuid)]));
}

const serversAtOnce = 100;

/** In the order of the ids, with two queries per hundred. */
async function readServers(db: Db, ids: readonly string[]): Promise<Server[]> {
  const servers: Server[] = [];
  for (let start = 0; start < ids.length; start += serversAtOnce) {
    // SQLite answers synchronously: other requests get a turn between the parts of a long list.
    if (start > 0) await afterEvents();
    servers.push(...(await readSome(db, ids.slice(start, start + serversAtOnce))));
  }
  return servers;
}

const serverRows = prepared((db: Db, given: { ids: string }) =>
  db.selectFrom('instances').selectAll().where(isInList('uuid', given.ids)),
);

const nicRows = prepared((db: Db, given: { ids: string }) =>
  db
    .selectFrom('instance_nics')
    .selectAll()
    .where(isInList('instance_uuid', given.ids))
    .orderBy('position'),
);

async function readSome(db: Db, ids: readonly string[]): Promise<Server[]> {
  if (ids.length === 0) return [];
  const list = JSON.stringify(ids);
  const { rows: found } = await serverRows(db, { ids: list });
  const { rows: nics } = await nicRows(db, { ids: list });
  const nicsOf = Map.groupBy(nics, (nic) => nic.instance_uuid);
  const byId = new Map(found.map((row) => [row.uuid, row]));
  const rows = ids.flatMap((id) => byId.get(id) ?? []);
  return readRows('instances', rows, (row) => toServer(row, nicsOf.get(row.uuid) ?? []));
}

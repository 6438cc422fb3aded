/** The store of the compute side, put together from its capabilities. */
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Clock, NewId } from '#contracts/clock.ts';
import type { Store } from '#contracts/store/store.ts';
import { aggregateStore } from './hosts/aggregates.ts';
import { authorityStore } from './hosts/authority.ts';
import { commandStore } from './tasks/commands.ts';
import { commitTransition } from './commit.ts';
import { controllerStore } from './controllers/controllers.ts';
import { hostLinkStore } from './controllers/host-links.ts';
import { consoleTokenStore } from './servers/console-tokens.ts';
import { decisionStore } from './servers/decisions.ts';
import { enrolmentStore } from './hosts/enrolments.ts';
import { LogEraser } from './sqlite/log/log-eraser.ts';
import { flavorAccessStore } from './servers/flavor-access.ts';
import { flavorStore } from './servers/flavors.ts';
import { moveStore } from './moves/moves.ts';
import { RecordedChanges } from './hosts/host-changes.ts';
import { hostStore } from './hosts/hosts.ts';
import { refuseDamaged } from './sqlite/damage.ts';
import { migrate } from './migrate.ts';
import { networkEventStore } from './tasks/network-events.ts';
import { pruneStore } from './prune.ts';
import { keyPairStore } from './projects/key-pairs.ts';
import { quotaUsage } from './projects/quota-usage.ts';
import { quotaStore } from './projects/quotas.ts';
import { usageStore } from './projects/used-servers.ts';
import { questionStore } from './tasks/questions.ts';
import { serverGroupStore } from './servers/server-groups.ts';
import { serverStore } from './servers/servers.ts';
import { deferred } from './engine/deferred.ts';
import { openSqlite } from './sqlite/sqlite.ts';
import type { ComputeTables } from './engine/tables.ts';
import { taskStore } from './tasks/tasks.ts';

export interface StoreOptions {
  clock?: Clock;
  newId?: NewId;
  /** How long a write waits for another process. */
  busyTimeoutMs?: number;
  /** The id of this controller, where there may be several. */
  controllerId?: string | undefined;
  /** Called each time a write finds the disk full. */
  onDiskFull?: () => void;
  /** For work that takes long, such as an upgrade: statements have no end on PostgreSQL. */
  isUnlimited?: boolean;
  /** A failover of PostgreSQL may lose commits; absent: such a server is refused. */
  allowAsynchronousStandbys?: boolean;
}

/** The store over a database that has the newest schema. Closing the store closes the database. */
export function computeStore(
  db: Kysely<ComputeTables>,
  { clock = { now: Date.now }, newId = randomUUID, controllerId }: StoreOptions = {},
): Store {
  const recorded = new RecordedChanges();
  // New servers and the steps of tasks do not wait for the disk one by one: what leaves the
  // process does.
  const { db: unsynced, onDisk, onDiskSoon, dropLog } = deferred(db);
  const eraser = new LogEraser(dropLog);
  return {
    servers: serverStore(unsynced, { clock, recorded }),
    hosts: hostStore(db, { clock, newId, recorded }),
    tasks: taskStore(unsynced, clock),
    commands: {
      ...commandStore({ db, unsynced, onDisk }, eraser),
      ...questionStore(db, eraser, controllerId),
    },
    flavors: flavorStore(db),
    flavorAccess: flavorAccessStore(db),
    serverGroups: serverGroupStore(db),
    aggregates: aggregateStore(db, clock),
    authority: authorityStore(db, clock),
    enrolments: enrolmentStore(db),
    controllers: controllerStore(db, { clock, eraser }),
    hostLinks: hostLinkStore(db),
    consoleTokens: consoleTokenStore(db),
    decisions: decisionStore(db),
    moves: moveStore(db, { clock, recorded }),
    networkEvents: networkEventStore(db),
    prune: pruneStore(db),
    keyPairs: keyPairStore(db),
    quotas: quotaStore(db),
    usage: usageStore(db),
    quotaUsage: (projectId) => quotaUsage(db, { projectId }),
    commit: (transition) => commitTransition(unsynced, { clock, eraser, recorded }, transition),
    onDisk,
    onDiskSoon,
    close: () => {
      eraser.stop();
      return db.destroy();
    },
  };
}

/** Whether it names a database of PostgreSQL. Example: `postgresql:///novella`. */
export function isPostgresUrl(database: string): boolean {
  return /^postgres(?:ql)?:/.test(database);
}

/**
 * Opens the database in this file (`:memory:` for none) or, with a URL, on PostgreSQL; creates or
 * upgrades its tables, and returns the store, and the database for the embedded services' stores.
 */
export async function openStore(
  database: string,
  options: StoreOptions = {},
): Promise<{ store: Store; db: Kysely<ComputeTables> }> {
  if (isPostgresUrl(database)) await upgradeOnServer(database);
  const db = await openDatabase(database, options);
  try {
    await migrate(db);
    if (isPostgresUrl(database) && options.allowAsynchronousStandbys !== true) {
      const { refuseAsynchronousStandbys } = await import('./postgres/check-server.ts');
      await refuseAsynchronousStandbys(db, database);
    }
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { store: computeStore(db, options), db };
}

async function upgradeOnServer(url: string): Promise<void> {
  const db = await openDatabase(url, { isUnlimited: true });
  try {
    await migrate(db);
  } finally {
    await db.destroy();
  }
}

/**
 * The same database with the schema that it has. Throws `unavailable` where it is damaged or out of
 * reach.
 */
export async function openDatabase(
  database: string,
  options: StoreOptions = {},
): Promise<Kysely<ComputeTables>> {
  if (isPostgresUrl(database)) return openOnPostgres(database, options);
  const db = openSqlite<ComputeTables>(database, options);
  try {
    await refuseDamaged(db, database);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

/** Loaded when needed: a process on SQLite has no use for the driver. */
async function openOnPostgres(
  url: string,
  { isUnlimited }: StoreOptions,
): Promise<Kysely<ComputeTables>> {
  const { openPostgres, unlimited } = await import('./postgres/postgres.ts');
  return openPostgres<ComputeTables>(url, isUnlimited === true ? unlimited : undefined);
}

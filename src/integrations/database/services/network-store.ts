/** The network store in SQL: its assembled parts and its transactions. */
import { CamelCasePlugin, type Kysely } from 'kysely';
import type { CountedKind, NetworkRows, NetworkStore } from '#contracts/store/network-store.ts';
import { networkRows } from './network-store/networks.ts';
import { portBindingRows } from './network-store/port-bindings.ts';
import { portRows } from './network-store/ports.ts';
import { securityGroupRows } from './network-store/security-groups.ts';
import type { NetworkTables } from './network-store/tables.ts';

/** The network store over a database that has all migrations. */
export function createNetworkStore<Tables>(database: Kysely<Tables>): NetworkStore {
  const db = database.withPlugin(new CamelCasePlugin()) as unknown as Kysely<NetworkTables>;
  return {
    ...rows(db),
    atomic: (work) => db.transaction().execute((step) => work(rows(step))),
  };
}

function rows(db: Kysely<NetworkTables>): NetworkRows {
  return {
    count: (kind, projectId) => countRows(db, kind, projectId),
    ...networkRows(db),
    ...portRows(db),
    ...portBindingRows(db),
    ...securityGroupRows(db),
  };
}

async function countRows(
  db: Kysely<NetworkTables>,
  kind: CountedKind,
  projectId: string,
): Promise<number> {
  const query = db.selectFrom(kind).where('projectId', '=', projectId);
  const { number } = await query
    .select(({ fn }) => fn.countAll<number>().as('number'))
    .executeTakeFirstOrThrow();
  return number;
}

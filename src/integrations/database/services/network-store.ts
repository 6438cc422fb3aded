/** The network store in SQL: its assembled parts and its transactions. */
import { CamelCasePlugin, type Kysely } from 'kysely';
import type { CountedKind, NetworkRows, NetworkStore } from '#contracts/store/network-store.ts';
import { prepared } from '../rows/prepared.ts';
import { addressRows } from './network-store/addresses.ts';
import { networkRows } from './network-store/networks.ts';
import { portBindingRows } from './network-store/port-bindings.ts';
import { portRows } from './network-store/ports.ts';
import { securityGroupRows } from './network-store/security-groups.ts';
import type { NetworkTables } from './network-store/tables.ts';

type Db = Kysely<NetworkTables>;

/** The network store over a database that has all migrations. */
export function createNetworkStore<Tables>(database: Kysely<Tables>): NetworkStore {
  const db = database.withPlugin(new CamelCasePlugin()) as unknown as Db;
  return {
    ...rows(db),
    atomic: (work) => db.transaction().execute((step) => work(rows(step))),
  };
}

function rows(db: Db): NetworkRows {
  return {
    async count(kind, projectId) {
      const [row] = (await counts[kind](db, { projectId })).rows;
      return row?.number ?? 0;
    },
    ...networkRows(db),
    ...portRows(db),
    ...addressRows(db),
    ...portBindingRows(db),
    ...securityGroupRows(db),
  };
}

const countOf = (kind: CountedKind) =>
  prepared((db: Db, given: { projectId: string }) =>
    db
      .selectFrom(kind)
      .where('projectId', '=', given.projectId)
      .select(({ fn }) => fn.countAll<number>().as('number')),
  );

const counts = {
  networks: countOf('networks'),
  subnets: countOf('subnets'),
  ports: countOf('ports'),
  securityGroups: countOf('securityGroups'),
  securityGroupRules: countOf('securityGroupRules'),
};

/** The network store in SQL: its assembled parts and its transactions. */
import { CamelCasePlugin, type Kysely } from 'kysely';
import type { NetworkRows, NetworkStore } from '#contracts/store/network-store.ts';
import { addressRows } from './network-store/addresses.ts';
import { networkRows } from './network-store/networks.ts';
import { portBindingRows } from './network-store/port-bindings.ts';
import { portRows } from './network-store/ports.ts';
import { quotaRows } from './network-store/quotas.ts';
import { securityGroupRows } from './network-store/security-groups.ts';
import type { NetworkTables } from './network-store/tables.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<NetworkTables>;

/** The network store over a database that has all migrations. */
export function createNetworkStore<Tables>(database: Kysely<Tables>): NetworkStore {
  const db = database.withPlugin(new CamelCasePlugin()) as unknown as Db;
  return {
    ...rows(db),
    atomic: (work) => inTransaction(db, (step) => work(rows(step))),
  };
}

function rows(db: Db): NetworkRows {
  return {
    ...quotaRows(db),
    ...networkRows(db),
    ...portRows(db),
    ...addressRows(db),
    ...portBindingRows(db),
    ...securityGroupRows(db),
  };
}

/** The statement that changes columns of a server's own row. */
import type { Kysely, Updateable } from 'kysely';
import type { ComputeTables, InstanceRow } from '../engine/tables.ts';
import { preparedChange } from './prepared.ts';

/** Example: `await writeServer(trx, { task_state: null }, { serverId })`. */
export const writeServer = preparedChange(
  (db: Kysely<ComputeTables>, columns: Updateable<InstanceRow>, given: { serverId: string }) =>
    db.updateTable('instances').set(columns).where('uuid', '=', given.serverId),
);

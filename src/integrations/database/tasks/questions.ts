/** Queries to hosts: command rows that no task waits for, deleted once answered. */
import type { Kysely } from 'kysely';
import { type CommandResult, questions } from '#contracts/host/host-link.ts';
import type { CommandStore } from '#contracts/store/store.ts';
import { insertCommand } from './commands.ts';
import type { LogEraser } from '../sqlite/log/log-eraser.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

/** `queriedBy`: the controller that waits for the answers, where there may be several. */
export function questionStore(
  db: Db,
  eraser: LogEraser,
  queriedBy: string | undefined,
): Pick<CommandStore, 'ask' | 'answer' | 'forget' | 'forgetQuestions'> {
  const row = (hostId: string, seq: number) =>
    db.selectFrom('host_commands').where('compute_node_id', '=', hostId).where('seq', '=', seq);
  return {
    ask: async (request) => {
      const { seq } = await inTransaction(db, (trx) => insertCommand(trx, request, queriedBy));
      return seq;
    },
    async answer(hostId, seq) {
      const found = await row(hostId, seq).select('result').executeTakeFirst();
      const result = found?.result ?? null;
      return result === null ? undefined : (JSON.parse(result) as CommandResult);
    },
    async forget(hostId, seq) {
      const forgotten = await db
        .deleteFrom('host_commands')
        .where('compute_node_id', '=', hostId)
        .where('seq', '=', seq)
        .where('kind', 'in', questions)
        .returning('kind')
        .executeTakeFirst();
      if (forgotten?.kind === 'set-password') eraser.erased();
    },
    async forgetQuestions() {
      await db.deleteFrom('host_commands').where('kind', 'in', questions).execute();
      // They may have held a password.
      eraser.erased();
    },
  };
}

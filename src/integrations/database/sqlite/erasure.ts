/**
 * What was confided to a server goes when it is no longer needed: from the rows at once, and soon
 * after from every byte of the database's files.
 */
import type { Kysely } from 'kysely';
import type { CommandResult } from '#contracts/host/host-link.ts';
import { dropLog, withoutKey } from './dialect.ts';
import type { ComputeTables } from './tables.ts';

type Db = Kysely<ComputeTables>;

/**
 * What stands in place of a command's body once the host has answered: nobody reads it again, and a
 * spawn holds the whole config drive.
 */
export const erasedBody = '{}';

/**
 * The server is deleted: its user data and metadata go, and of its commands all but how they ended
 * and the order to remove its guest.
 */
export async function eraseServer(trx: Db, serverId: string): Promise<void> {
  await trx
    .updateTable('instances')
    .set({ user_data: null, metadata: '{}' })
    .where('uuid', '=', serverId)
    .execute();
  await trx
    .updateTable('host_commands')
    .set({ body: erasedBody, succeeded: 0, result: JSON.stringify(withdrawn) })
    .where('instance_uuid', '=', serverId)
    .where('succeeded', 'is', null)
    .where('kind', 'not in', ['destroy', 'console'])
    .execute();
  await trx
    .updateTable('host_commands')
    .set({ body: erasedBody, result: withoutKey('result', 'domainXml') })
    .where('instance_uuid', '=', serverId)
    .where('succeeded', 'is not', null)
    .execute();
}

/**
 * What stands as the answer of a host that will not be asked any more: the order to remove the
 * guest, which follows, undoes what it may have done.
 */
const withdrawn: CommandResult = {
  ok: false,
  message: 'The server was deleted.',
  detail: 'the host had not answered when the server was deleted',
  steps: [],
};

/** How long the log of past writes may hold what was erased from the rows. */
const logKeptMs = 10_000;

/**
 * Drops the database's log of past writes some seconds after something was erased, however much was
 * erased until then.
 */
export class LogEraser {
  readonly #db: Db;
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Something was erased. */
  erased(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // A reader in another process keeps the log; the next erasure drops it.
      dropLog(this.#db).catch(() => undefined);
    }, logKeptMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Tokens of consoles: one row each, with the hash of the token. */
import type { Kysely } from 'kysely';
import type { ConsoleToken, ConsoleTokenStore } from '#contracts/store/consoles/console-tokens.ts';
import { ComputeError } from '#core/errors.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import type { ComputeTables, ConsoleTokenRow } from '../engine/tables.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

const tokenMap: FieldMap<ConsoleToken, Omit<ConsoleTokenRow, 'id'>> = {
  tokenSha256: ['token_sha256', 'plain'],
  serverId: ['instance_uuid', 'plain'],
  type: ['type', 'plain'],
  host: ['host', 'plain'],
  place: ['place', 'json'],
  expiresAt: ['expires_at', 'plain'],
};

export function consoleTokenStore(db: Db): ConsoleTokenStore {
  return {
    add: (token, how) => inTransaction(db, (trx) => add(trx, token, how)),
    async ofToken(tokenSha256, now) {
      const row = await db
        .selectFrom('console_tokens')
        .innerJoin('instances', 'instances.uuid', 'console_tokens.instance_uuid')
        .selectAll('console_tokens')
        .where('token_sha256', '=', tokenSha256)
        .where('expires_at', '>', now)
        .where('instances.deleted_at', 'is', null)
        .executeTakeFirst();
      return row && toFields(tokenMap, row);
    },
    async removeExpired(now) {
      const expired = db.selectFrom('console_tokens').select('id').where('expires_at', '<=', now);
      // Idle, the database is only read.
      if ((await expired.limit(1).execute()).length === 0) return;
      await db.deleteFrom('console_tokens').where('expires_at', '<=', now).execute();
    },
  };
}

async function add(
  trx: Db,
  token: ConsoleToken,
  { mostOfServer }: { mostOfServer: number },
): Promise<void> {
  const live = await trx
    .selectFrom('instances')
    .select('uuid')
    .where('uuid', '=', token.serverId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (live === undefined) {
    throw new ComputeError('notFound', `Instance ${token.serverId} could not be found.`);
  }
  await trx
    .insertInto('console_tokens')
    .values(toRow(tokenMap, token, {}))
    .execute();
  const newest = trx
    .selectFrom('console_tokens')
    .select('id')
    .where('instance_uuid', '=', token.serverId)
    .orderBy('id', 'desc')
    .limit(mostOfServer);
  await trx
    .deleteFrom('console_tokens')
    .where('instance_uuid', '=', token.serverId)
    .where('id', 'not in', newest)
    .execute();
}

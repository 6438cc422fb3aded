/** The tokens of the identity store. */
import type { Insertable } from 'kysely';
import { prepared, preparedChange } from '../../rows/prepared.ts';
import { type Db, type IdentityTables, type Part, tokenShape } from './tables.ts';
import { inTransaction } from '../../engine/transaction.ts';

const addToken = preparedChange((db: Db, row: Insertable<IdentityTables['identityTokens']>) =>
  db.insertInto('identityTokens').values(row),
);
const removeExpired = prepared((db: Db, given: { before: number }) =>
  db.deleteFrom('identityTokens').where('expiresAt', '<', given.before),
);
const tokenOf = prepared((db: Db, given: { digest: string }) =>
  db.selectFrom('identityTokens').selectAll().where('digest', '=', given.digest),
);
const removeToken = prepared((db: Db, given: { digest: string }) =>
  db.deleteFrom('identityTokens').where('digest', '=', given.digest),
);

/** Issued tokens. */
export function tokens(db: Db): Part<'addToken' | 'token' | 'removeToken'> {
  return {
    async addToken(token, dropExpiredBefore) {
      await inTransaction(db, async (step) => {
        await removeExpired(step, { before: dropExpiredBefore });
        await addToken(step, tokenShape.toRow(token), {});
      });
    },
    async token(digest) {
      const [row] = (await tokenOf(db, { digest })).rows;
      return row && tokenShape.fromRow(row);
    },
    async removeToken(digest) {
      await removeToken(db, { digest });
    },
  };
}

/** Key pairs of users. */
import type { Kysely, Selectable } from 'kysely';
import type { KeyPairStore, NewKeyPair } from '#contracts/store/projects/key-pair-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { KeyPair } from '#core/key-pairs/key-pair.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import type { ComputeTables, KeyPairRow } from '../engine/tables.ts';
import { refuseDuplicate } from '../engine/unique-violation.ts';
import { refuseTooManyKeys } from './quotas.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

const keyMap: FieldMap<NewKeyPair, KeyPairRow> = {
  userId: ['user_id', 'plain'],
  name: ['name', 'plain'],
  type: ['type', 'plain'],
  publicKey: ['public_key', 'plain'],
  fingerprint: ['fingerprint', 'plain'],
  createdAt: ['created_at', 'plain'],
};

export function keyPairStore(db: Db): KeyPairStore {
  const ofUser = (userId: string) =>
    db.selectFrom('key_pairs').selectAll().where('user_id', '=', userId);
  const get = async (userId: string, name: string) => {
    const row = await ofUser(userId).where('name', '=', name).executeTakeFirst();
    return row === undefined ? undefined : toKeyPair(row);
  };
  return {
    create: (keyPair, { projectId, configured }) =>
      refuseDuplicate(existsAlready(keyPair.name), () =>
        inTransaction(db, async (trx) => {
          await refuseTooManyKeys(trx, { projectId, userId: keyPair.userId }, configured);
          const { id } = await trx
            .insertInto('key_pairs')
            .values(toRow(keyMap, keyPair, {}))
            .returning('id')
            .executeTakeFirstOrThrow();
          return { ...keyPair, id };
        }),
      ),
    check: async ({ userId, name }, { projectId, configured }) => {
      await refuseTooManyKeys(db, { projectId, userId }, configured);
      if ((await get(userId, name)) === undefined) return;
      throw new ComputeError('conflict', existsAlready(name));
    },
    get,
    list: async (userId, { after, limit }) => {
      if (after !== undefined && (await get(userId, after)) === undefined) {
        throw new ComputeError('invalid', `marker [${after}] not found`);
      }
      const page = after === undefined ? ofUser(userId) : ofUser(userId).where('name', '>', after);
      return (await page.orderBy('name').limit(limit).execute()).map(toKeyPair);
    },
    remove: async (userId, name) => {
      const { numDeletedRows } = await db
        .deleteFrom('key_pairs')
        .where('user_id', '=', userId)
        .where('name', '=', name)
        .executeTakeFirst();
      if (numDeletedRows > 0n) return;
      throw new ComputeError('notFound', `Keypair ${name} not found for user ${userId}`);
    },
  };
}

function toKeyPair(row: Selectable<KeyPairRow>): KeyPair {
  return { id: row.id, ...toFields(keyMap, row) };
}

function existsAlready(name: string): string {
  return `Key pair '${name}' already exists.`;
}

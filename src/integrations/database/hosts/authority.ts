/** The cluster's authority, and the certificate of the controllers: one row each. */
import type { Kysely } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type { AuthorityStore } from '#contracts/store/authority/authority-store.ts';
import type { ComputeTables } from '../engine/tables.ts';

export function authorityStore(db: Kysely<ComputeTables>, clock: Clock): AuthorityStore {
  const named = async (name: 'cluster' | 'controller') => {
    const row = await db
      .selectFrom('authorities')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { certificate, private_key: privateKey, created_at: createdAt } = row;
    return { certificate, privateKey, createdAt };
  };
  return {
    get: () => named('cluster'),
    async create(authority) {
      const { certificate, privateKey, createdAt } = authority;
      await db
        .insertInto('authorities')
        .values({ name: 'cluster', certificate, private_key: privateKey, created_at: createdAt })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
      return (await named('cluster')) ?? authority;
    },
    controller: () => named('controller'),
    async setController({ certificate, privateKey }) {
      const row = { certificate, private_key: privateKey, created_at: clock.now() };
      await db
        .insertInto('authorities')
        .values({ name: 'controller', ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    },
  };
}

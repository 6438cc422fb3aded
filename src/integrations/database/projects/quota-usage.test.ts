import { CompiledQuery } from 'kysely';
import { expect, test } from 'vitest';
import { countedStatements } from '#test/databases/counted-statements.ts';
import { noLimits } from '#core/quotas/limits.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { aNewServer } from '#test/worlds/store-rows.ts';

test.each([{ owner: { projectId: 'p' } }, { owner: { projectId: 'p', userId: 'u' } }])(
  'open resizes of $owner are counted from their index: no other move or server is read',
  async ({ owner }) => {
    const { store, db } = await migratedStore(':memory:');
    const statements = await countedStatements(() => store.quotas.usage(owner));
    const [counted] = statements.filter(({ sql }) => sql.includes('migration_type'));
    const values = Object.values(owner);
    const explain = CompiledQuery.raw(`explain query plan ${counted!.sql}`, values);
    const { rows } = await db.executeQuery<{ detail: string }>(explain);
    const plan = rows.map(({ detail }) => detail);
    expect(plan.slice(plan.indexOf('UNION ALL') + 1)).toEqual([
      'SCAN migrations USING INDEX migrations_open_resizes',
      expect.stringMatching(/^SEARCH instances USING INDEX \S+ \(uuid=\?\)$/),
    ]);
    await store.close();
  },
);

test.each([
  { limits: noLimits, gives: 0 },
  { limits: { ...noLimits, cores: 9 }, gives: 1 },
])('servers of a project are counted $gives times for its limits', async ({ limits, gives }) => {
  const { store } = await migratedStore(':memory:');
  const configured = { standard: limits, exceptions: {} };
  const statements = await countedStatements(() =>
    store.servers.createWithin({ configured, minCount: 1 }, [aNewServer()]),
  );
  expect(statements.filter(({ sql }) => sql.includes('count(*)'))).toHaveLength(gives);
  await store.close();
});

import { CompiledQuery } from 'kysely';
import { expect, test } from 'vitest';
import { countedStatements } from '#test/databases/counted-statements.ts';
import { migratedStore } from '#test/migrated-database.ts';

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

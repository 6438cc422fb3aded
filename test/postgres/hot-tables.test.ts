/** What PostgreSQL keeps of the rows that change with each step of a boot. */
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { vacuumFigures } from '#integrations/database/postgres/vacuum-figures.ts';
import { freePorts, parseConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { openDatabase, openStore } from '#integrations/database/store.ts';
import { freshDatabase, onServer, type TestDatabase } from '#test/postgres/database.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { aBoot } from '#test/worlds/store-rows.ts';

let database: TestDatabase;
const closers: (() => Promise<unknown> | void)[] = [];
beforeEach(async () => {
  database = await freshDatabase(inject('postgres'));
  closers.push(database.drop);
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

test('leases and signs of life need no new index entries', async () => {
  const { store, db } = await openStore(database.url);
  closers.push(() => store.close());
  for (let count = 0; count < 50; count += 1) await aBoot(store);
  await store.controllers.add({ id: 'a', name: 'a', version: '1', startedAt: 1 });
  for (let round = 1; round <= 100; round += 1) {
    // A few at a time, each of which expires before its next turn.
    const leased = await store.tasks.lease('a', 2_000 * round, 1_000, { limit: 5 });
    expect(leased).toHaveLength(5);
    await store.controllers.beat('a');
  }
  const hot = async () => {
    // The server counts with a delay.
    const { rows } = await sql<{ table: string; share: number }>`
      select relname::text as "table",
        round(n_tup_hot_upd::numeric / n_tup_upd, 2) as share
      from pg_stat_user_tables where n_tup_upd >= 20 order by relname`.execute(db);
    return Object.fromEntries(rows.map(({ table, share }) => [table, share]));
  };
  await expect
    .poll(async () => Object.keys(await hot()), { timeout: 15_000 })
    .toEqual(['controllers', 'tasks']);
  const { controllers = 0, tasks = 0 } = await hot();
  expect(tasks).toBeGreaterThan(0.9);
  expect(controllers).toBeGreaterThan(0.9);
});

test('pages of such tables keep room, and are vacuumed early', async () => {
  const rows = await onServer(
    database.url,
    `select relname::text as "table" from pg_class where relkind = 'r' and reloptions @>
       '{fillfactor=70,autovacuum_vacuum_scale_factor=0.01,autovacuum_vacuum_cost_limit=2000}'`,
  );
  const tables = rows.map(({ table }) => table);
  expect(tables).toEqual(expect.arrayContaining(['tasks', 'host_commands', 'compute_nodes']));
});

test('dead rows and the oldest transaction are measured, and read by Prometheus', async () => {
  const holder = await openDatabase(database.url, { isUnlimited: true });
  closers.push(() => holder.destroy());
  const release = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const held = holder
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      await sql`select 1 from flavors`.execute(trx);
      begun.resolve();
      await release.promise;
    });
  await begun.promise;
  const state = temporaryDirectory();
  closers.push(() => state.remove());
  const config = parseConfig('metrics: { port: 0 }', 'novella.yaml');
  const place = { stateDir: state.path, database: database.url, ports: freePorts };
  const running: AllInOne = await startAllInOne({ ...config, ...place });
  closers.push(() => running.stop());
  const valueOf = async (name: string) => {
    const text = await (await fetch(running.urls.metrics ?? '')).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  };
  const oldest = () => valueOf('novella_database_oldest_snapshot_seconds');
  await expect.poll(oldest).toBeGreaterThan(0.5);
  const before = (await vacuumFigures(holder))?.oldestSnapshotSeconds ?? 0;
  expect(await oldest()).toBeGreaterThanOrEqual(before);
  for (let run = 0; run < 5; run += 1) await sql`update flavors set name = name`.execute(holder);
  const dead = () => valueOf('novella_database_dead_rows\\{table="flavors"\\}');
  await expect.poll(dead, { timeout: 15_000 }).toBeGreaterThan(5);
  release.resolve();
  await held;
  expect(await oldest()).toBeLessThan(before);
});

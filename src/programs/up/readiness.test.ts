import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migratedSqlite } from '#test/migrated-database.ts';
import { readiness } from './readiness.ts';

test('a controller without a sign of life is not ready; one without files has no disk', async () => {
  const db = await migratedSqlite(':memory:');
  let isFenced = false;
  let now = 0;
  const ready = readiness({ db, clock: { now: () => (now += 1_000) }, isFenced: () => isFenced });
  ready.dispatching(true);
  expect(await ready.check()).toBeUndefined();
  isFenced = true;
  expect(await ready.check()).toBe('no sign of life was written');
  await db.destroy();
});

test('not ready while the schema is not one that this version can use', async () => {
  const db = await migratedSqlite(':memory:');
  let now = 0;
  const ready = readiness({ db, clock: { now: () => (now += 1_000) } });
  ready.dispatching(true);
  const ran = (name: string) =>
    sql`insert into kysely_migration values (${name}, '2030-01-01')`.execute(db);
  await ran('9999-more.online');
  expect(await ready.check()).toBeUndefined();
  await ran('9999-changed');
  expect(await ready.check()).toBe('database has the schema of another version');
  await sql`delete from kysely_migration where name in ('9999-changed', '0047-shared-storage')`.execute(
    db,
  );
  expect(await ready.check()).toBe('database has the schema of another version');
  await db.destroy();
});

test('ready when tasks run, the disk has space and the database accepts writes', async () => {
  const db = await migratedSqlite(':memory:');
  let now = 0;
  let isShort = () => false;
  const ready = readiness({
    reserve: { isShort: () => isShort() },
    db,
    clock: { now: () => now },
  });
  const next = () => {
    now += 1_000;
    return ready.check();
  };
  expect(await ready.check()).toBe('dispatcher not running');
  ready.dispatching(true);
  expect(await ready.check()).toBeUndefined();
  isShort = () => true;
  expect(await ready.check()).toBeUndefined();
  expect(await next()).toBe('disk full');
  isShort = () => {
    throw new Error('no such folder');
  };
  expect(await next()).toBe('state directory not readable');
  isShort = () => false;
  expect(await next()).toBeUndefined();
  await db.destroy();
  expect(await next()).toBe('database not writable');
});

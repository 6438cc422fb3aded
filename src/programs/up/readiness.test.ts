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

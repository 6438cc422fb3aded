import { expect, test } from 'vitest';
import { migrate } from '#integrations/database/migrate.ts';
import { openSqlite } from '#integrations/database/sqlite.ts';
import { readiness } from './readiness.ts';

test('ready when tasks are carried out, the disk has room and the database takes writes', async () => {
  const db = openSqlite(':memory:');
  await migrate(db);
  let now = 0;
  let free = 1e9;
  const ready = readiness({
    stateDir: '/nowhere',
    db,
    clock: { now: () => now },
    freeBytes: async () => {
      if (free < 0) throw new Error('no such folder');
      return free;
    },
  });
  const next = () => {
    now += 1_000;
    return ready.check();
  };
  expect(await ready.check()).toBe('dispatcher not running');
  ready.dispatching(true);
  expect(await ready.check()).toBeUndefined();
  free = 4096;
  expect(await ready.check()).toBeUndefined();
  expect(await next()).toBe('disk full');
  free = -1;
  expect(await next()).toBe('state directory not readable');
  free = 1e9;
  expect(await next()).toBeUndefined();
  await db.destroy();
  expect(await next()).toBe('database not writable');
});

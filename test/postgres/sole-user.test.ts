/** One controller for each database, and one place of a database for each state directory. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { useDatabase, lockNumber } from '#integrations/database/postgres/database-lock.ts';
import { makeBackup } from '#programs/backup/make-backup.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import { freshDatabase, onServer, type TestDatabase } from '#test/postgres/database.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';

let database: TestDatabase;
const state = [temporaryDirectory(), temporaryDirectory()] as const;
beforeEach(async () => {
  database = await freshDatabase(inject('postgres'));
});
afterEach(async () => {
  await database.drop();
  for (const directory of state) directory.remove();
});

const holders = `from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory'
  and datname = current_database() and granted`;

const configured = (at: 0 | 1, url: string | undefined) => ({
  ...readConfig(),
  ...{ stateDir: state[at].path, database: url, ports: freePorts },
});

test('a second controller of a database is refused, and of a state directory on another database', async () => {
  const running = await startAllInOne(configured(0, database.url));
  await expect(startAllInOne(configured(1, database.url))).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('in use by another controller'),
  });
  await running.stop();
  const place = readFileSync(join(state[0].path, 'postgresql'), 'utf8');
  expect(place.trim()).toBe(database.url);
  await expect(startAllInOne(configured(0, undefined))).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining(`its cloud has its database on ${database.url}`),
  });
  expect(existsSync(join(state[0].path, 'novella.sqlite'))).toBe(false);
  const target = join(state[1].path, 'backup');
  await expect(
    makeBackup({ stateDir: state[0].path, target, now: new Date() }),
  ).rejects.toMatchObject({ message: expect.stringContaining('is on a PostgreSQL server') });
});

test('a directory with a database of its own is refused', async () => {
  await (await startAllInOne(configured(0, undefined))).stop();
  await expect(startAllInOne(configured(0, database.url))).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('its cloud has its database in'),
  });
});

test('a lost lock is taken again, and no other process can take it then', async () => {
  const onProblem = vi.fn();
  const onTakenAgain = vi.fn();
  const events = { onProblem, onLost: vi.fn(), onTakenAgain };
  const user = await useDatabase(database.url, 'sole', events);
  expect(onTakenAgain).not.toHaveBeenCalled();
  const taken = () => useDatabase(database.url, 'sole', events);
  await expect(taken()).rejects.toMatchObject({ kind: 'conflict' });
  await onServer(database.url, `select pg_terminate_backend(pid) ${holders}`);
  await expect.poll(() => onProblem.mock.calls.length).toBeGreaterThan(0);
  await expect
    .poll(() => onServer(database.url, `select 1 ${holders}`), { timeout: 10_000 })
    .toHaveLength(1);
  await expect(taken()).rejects.toMatchObject({ kind: 'conflict' });
  await expect.poll(() => onTakenAgain.mock.calls).toHaveLength(1);
  await user.release();
  await expect.poll(async () => (await taken().catch(() => undefined)) !== undefined).toBe(true);
});

test('a lost lock that another controller took ends the use of the database', async () => {
  const onLost = vi.fn();
  const user = await useDatabase(database.url, 'sole', { onProblem: vi.fn(), onLost });
  const other = new Client({ connectionString: database.url });
  await other.connect();
  try {
    const taken = other.query('select pg_advisory_lock($1::bigint)', [lockNumber]);
    await onServer(database.url, `select pg_terminate_backend(pid) ${holders}`);
    await taken;
    await expect.poll(() => onLost.mock.calls, { timeout: 10_000 }).toHaveLength(1);
  } finally {
    await user.release();
    await other.end();
  }
});

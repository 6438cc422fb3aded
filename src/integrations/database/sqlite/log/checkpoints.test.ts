import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { errorText } from '#core/errors.ts';
import { deferred } from '../../engine/deferred.ts';
import { openSqlite } from '../sqlite.ts';
import { Checkpoints } from './checkpoints.ts';

interface Tables {
  notes: { text: string };
}

/** On a busy machine a thread starts late, and syncs take seconds. */
const inTime = { timeout: 30_000 };

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function openNotes() {
  const path = freshFile('notes.db');
  const db = openSqlite<Tables>(path);
  closers.push(() => db.destroy());
  await db.schema.createTable('notes').addColumn('text', 'text').execute();
  const write = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      await deferred(db)
        .db.insertInto('notes')
        .values({ text: 'x'.repeat(5_000) })
        .execute();
    }
  };
  return { path, db, write };
}

const sizeOf = (path: string) => statSync(path).size;

test('commits reach the database’s file without a checkpoint in a commit', inTime, async () => {
  const { path, write } = await openNotes();
  const before = sizeOf(path);
  await write(100);
  expect(sizeOf(path)).toBe(before);
  await write(100);
  await expect.poll(() => sizeOf(path), inTime).toBeGreaterThan(before + 100 * 5_000);
});

test('the log is begun again, so that it does not grow with the writes', inTime, async () => {
  const { path, write } = await openNotes();
  for (let round = 0; round < 10; round += 1) {
    const before = sizeOf(path);
    await write(200);
    await expect.poll(() => sizeOf(path), inTime).toBeGreaterThan(before);
  }
  expect(sizeOf(`${path}-wal`)).toBeLessThan(2_000 * 5_000);
});

test('the log is empty once it was dropped, also beside writes', inTime, async () => {
  const { path, db, write } = await openNotes();
  await write(20);
  await deferred(db).dropLog!();
  expect(sizeOf(`${path}-wal`)).toBe(0);
  await Promise.all([write(50), deferred(db).dropLog!(), write(50)]);
  const rows = await db.selectFrom('notes').select('text').execute();
  expect(rows).toHaveLength(120);
});

test('nothing is left behind when the database is closed', inTime, async () => {
  const { path, db, write } = await openNotes();
  await write(200);
  await db.destroy();
  expect(existsSync(`${path}-wal`)).toBe(false);
  const file = new DatabaseSync(path, { readOnly: true });
  closers.push(() => file.close());
  expect(file.prepare('select count(*) as count from notes').get()).toEqual({ count: 200 });
});

test('commits of many rows are copied by their rows', inTime, async () => {
  const { path, db } = await openNotes();
  const before = sizeOf(path);
  const notes = Array.from({ length: 2_000 }, () => ({ text: 'x'.repeat(100) }));
  for (let time = 0; time < 4; time += 1) await db.insertInto('notes').values(notes).execute();
  await expect.poll(() => sizeOf(path), inTime).toBeGreaterThan(before + 2_000 * 100);
});

test(
  'a reader in another process keeps no writer waiting, and the log is dropped after it',
  inTime,
  async () => {
    const { path, db, write } = await openNotes();
    await write(10);
    const other = new DatabaseSync(path, { readOnly: true });
    closers.push(() => other.close());
    other.exec('begin');
    other.prepare('select count(*) from notes').get();
    await write(10);
    const dropped = deferred(db).dropLog!().catch(errorText);
    // SQLite's own wait for the reader would keep these out until their time-out.
    await write(50);
    expect(await dropped).toMatch(/another process/);
    other.exec('commit');
    await deferred(db).dropLog!();
    expect(sizeOf(`${path}-wal`)).toBe(0);
  },
);

test('nothing opens the file again once it is closed', inTime, async () => {
  const { path, db, write } = await openNotes();
  // While the first checkpoint runs, the next one becomes due.
  await write(400);
  await db.destroy();
  await new Promise(setImmediate);
  expect(existsSync(`${path}-wal`)).toBe(false);
  const checkpoints = new Checkpoints(path);
  await checkpoints.close();
  checkpoints.written(1_000_000);
  await checkpoints.dropLog();
  expect(existsSync(`${path}-shm`)).toBe(false);
});

test(
  'a file that cannot be opened fails the request, and the next one tries again',
  inTime,
  async () => {
    const path = freshFile('notes.db');
    const checkpoints = new Checkpoints(`${path}/none/notes.db`);
    closers.push(() => checkpoints.close());
    await expect(checkpoints.dropLog()).rejects.toThrow(/unable to open/);
    await expect(checkpoints.dropLog()).rejects.toThrow(/unable to open/);
  },
);

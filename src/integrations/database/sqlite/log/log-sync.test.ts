import { expect, test } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { LogSync, type SyncFile } from './log-sync.ts';
import { deferred } from '../../engine/deferred.ts';
import { openSqlite } from '../sqlite.ts';

interface Tables {
  notes: { text: string };
}

/** A database whose syncs end when the test ends them. */
async function openNotes() {
  const path = freshFile('notes.db');
  const pending: ((error: Error | null) => void)[] = [];
  let isHeld = false;
  const syncFile: SyncFile = (_fd, done) => (isHeld ? pending.push(done) : done(null));
  const db = openSqlite<Tables>(path, { syncFile });
  await db.schema.createTable('notes').addColumn('text', 'text').execute();
  isHeld = true;
  const write = (text: string) =>
    db.transaction().execute((trx) => trx.insertInto('notes').values({ text }).execute());
  return { db, pending, write };
}

test('a commit is reported once its log is synced, and not before', async () => {
  const { db, pending, write } = await openNotes();
  let isReported = false;
  const written = write('one').then(() => (isReported = true));
  await expect.poll(() => pending.length).toBe(1);
  // The row is there for readers already.
  expect(await db.selectFrom('notes').select('text').execute()).toEqual([{ text: 'one' }]);
  expect(isReported).toBe(false);
  pending[0]!(null);
  await written;
  await db.destroy();
});

test('commits that wait at the same time share one sync, which begins after the last of them', async () => {
  const { db, pending, write } = await openNotes();
  const first = write('first');
  await expect.poll(() => pending.length).toBe(1);
  const others = Promise.all(Array.from({ length: 20 }, (_, at) => write(`other ${at}`)));
  const single = db.insertInto('notes').values({ text: 'single' }).execute();
  await expect.poll(() => db.selectFrom('notes').select('text').execute()).toHaveLength(22);
  expect(pending).toHaveLength(1);
  pending[0]!(null);
  await first;
  await expect.poll(() => pending.length).toBe(2);
  pending[1]!(null);
  await Promise.all([others, single]);
  expect(pending).toHaveLength(2);
  await db.destroy();
});

test('a sync that fails refuses its commits and all later ones: what the disk holds is unknown', async () => {
  const { db, pending, write } = await openNotes();
  const failing = write('lost');
  await expect.poll(() => pending.length).toBe(1);
  const waiting = write('waits for the next sync');
  pending[0]!(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  const failure = {
    kind: 'unavailable',
    message: expect.stringContaining('restart novella'),
    detail: 'EIO: i/o error, fdatasync',
  };
  await expect(failing).rejects.toMatchObject(failure);
  await expect(waiting).rejects.toMatchObject(failure);
  await expect(write('later')).rejects.toMatchObject(failure);
  const single = db.insertInto('notes').values({ text: 'single' }).execute();
  await expect(single).rejects.toMatchObject(failure);
  const rows = await db.selectFrom('notes').select('text').execute();
  expect(rows.map(({ text }) => text)).not.toContain('single');
  expect(pending).toHaveLength(1);
  await db.destroy();
});

test('commits of one turn of the event loop share a sync', async () => {
  const { db, pending } = await openNotes();
  const { db: unsynced, onDisk } = deferred(db);
  const waits: Promise<void>[] = [];
  for (const text of ['one', 'two', 'three']) {
    await unsynced.insertInto('notes').values({ text }).execute();
    waits.push(onDisk());
  }
  await expect.poll(() => pending.length).toBe(1);
  pending[0]!(null);
  await Promise.all(waits);
  expect(pending).toHaveLength(1);
  await db.destroy();
});

test('who can wait a little has no sync of its own', async () => {
  const { db, pending } = await openNotes();
  const { db: unsynced, onDisk, onDiskSoon } = deferred(db);
  await unsynced.insertInto('notes').values({ text: 'one' }).execute();
  let isOnDisk = false;
  const patient = onDiskSoon().then(() => (isOnDisk = true));
  await unsynced.insertInto('notes').values({ text: 'two' }).execute();
  const urgent = onDisk();
  await expect.poll(() => pending.length).toBe(1);
  expect(isOnDisk).toBe(false);
  pending[0]!(null);
  await Promise.all([patient, urgent]);
  await unsynced.insertInto('notes').values({ text: 'three' }).execute();
  const alone = onDiskSoon();
  // The log is synced soon though nobody is in a hurry.
  await expect.poll(() => pending.length).toBe(2);
  pending[1]!(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
  await expect(alone).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(onDiskSoon()).rejects.toMatchObject({ kind: 'unavailable' });
  await db.destroy();
});

test('reads wait for no sync', async () => {
  const { db, pending } = await openNotes();
  expect(await db.selectFrom('notes').select('text').execute()).toEqual([]);
  expect(pending).toEqual([]);
  await db.destroy();
});

test('the log of a database is the file that SQLite writes its commits to', async () => {
  const path = freshFile('notes.db');
  const db = openSqlite<Tables>(path);
  await db.schema.createTable('notes').addColumn('text', 'text').execute();
  const log = new LogSync(path);
  await log.synced();
  await log.close();
  await db.destroy();
});

test('what is read in a transaction is on disk when the transaction ends', async () => {
  const { db, pending, write } = await openNotes();
  const written = write('one');
  await expect.poll(() => pending.length).toBe(1);
  let isRead = false;
  const read = db
    .transaction()
    .execute((trx) => trx.selectFrom('notes').selectAll().execute())
    .then(() => (isRead = true));
  await expect.poll(() => db.selectFrom('notes').selectAll().execute()).toHaveLength(1);
  expect(isRead).toBe(false);
  pending[0]!(null);
  await Promise.all([written, read]);
  expect(pending).toHaveLength(1);
  await db.destroy();
});

test('statements and transactions that change nothing are not synced', async () => {
  const { db, pending } = await openNotes();
  await db.updateTable('notes').set({ text: 'none' }).execute();
  await db.transaction().execute((trx) => trx.deleteFrom('notes').execute());
  expect(pending).toEqual([]);
  await db.destroy();
});

test('a deferred commit is reported at once; `onDisk` waits for it, and fails as a commit does', async () => {
  const { db, pending } = await openNotes();
  const { db: unsynced, onDisk } = deferred(db);
  const write = (text: string) =>
    unsynced.transaction().execute((trx) => trx.insertInto('notes').values({ text }).execute());
  await write('one');
  await write('two');
  let isOnDisk = false;
  const reported = onDisk().then(() => (isOnDisk = true));
  await expect.poll(() => pending.length).toBe(1);
  expect(isOnDisk).toBe(false);
  pending[0]!(null);
  await reported;
  await onDisk();
  expect(pending).toHaveLength(1);
  await write('three');
  const lost = onDisk();
  await expect.poll(() => pending.length).toBe(2);
  pending[1]!(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
  await expect(lost).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(write('four')).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(onDisk()).rejects.toMatchObject({ kind: 'unavailable' });
  await db.destroy();
});

test('a deferred commit is synced soon though nobody waits for it', async () => {
  const { db, pending } = await openNotes();
  await deferred(db).db.insertInto('notes').values({ text: 'one' }).execute();
  await expect.poll(() => pending.length).toBe(1);
  pending[0]!(null);
  await db.destroy();
});

test('a log that cannot be opened fails the commit, and is opened by the next sync', async () => {
  const path = freshFile('notes.db');
  const log = new LogSync(path);
  log.written();
  await expect(log.synced()).rejects.toMatchObject({ kind: 'unavailable' });
  const db = openSqlite<Tables>(path);
  await db.schema.createTable('notes').addColumn('text', 'text').execute();
  await log.synced();
  await log.close();
  await db.destroy();
});

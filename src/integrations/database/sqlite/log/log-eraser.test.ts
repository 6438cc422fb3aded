import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { aBoot, aHost, bootData, toStep } from '#test/worlds/store-rows.ts';
import { migrate } from '../../migrate.ts';
import { openSqlite } from '../sqlite.ts';
import { computeStore, openStore } from '../../store.ts';
import type { ComputeTables } from '../../engine/tables.ts';

let close: () => Promise<void> = async () => {};
afterEach(async () => {
  vi.useRealTimers();
  await close();
});

/** On a busy machine the thread that drops the log is late. */
const inTime = { timeout: 30_000 };

const secret = 'correct-horse-battery-staple';
/** Longer than a page, so that it lies on pages of its own too. */
const long = `${secret} `.repeat(1_000);

/** The files of the database that hold the secret. */
function filesWithSecret(path: string): string[] {
  const folder = dirname(path);
  return readdirSync(folder).filter((name) => readFileSync(`${folder}/${name}`).includes(secret));
}

/** A server that was booted with secrets in all that can hold them. */
async function bootedServer() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const path = freshFile('erasure.db');
  const { store, db } = await openStore(path);
  close = () => store.close();
  const hostId = await aHost(store, []);
  const confided = { userData: long, metadata: { password: secret } };
  const task = await aBoot(store, confided);
  const guest = { configDrive: [{ path: 'user_data', content: long }] };
  const body = { do: 'spawn', guest } as never;
  const command = { hostId, serverId: task.serverId, body };
  await store.commit(toStep(task, 'guest-started', { command }));
  return { path, store, db, hostId, task };
}

test(
  'secrets of a deleted server are in no byte of the database’s files, seconds after',
  inTime,
  async () => {
    const { path, store, hostId, task } = await bootedServer();
    expect(filesWithSecret(path)).not.toEqual([]);
    await store.commands.complete(hostId, 1, { ok: true, steps: [] }, { now: 5 });
    const data = { ...bootData, forcedHost: secret };
    await store.commit({ task, next: { step: 'release', data, dueAt: 9 } });
    await store.commit({ task, next: null, server: { vmState: 'deleted', deletedAt: 9 } });
    await vi.advanceTimersByTimeAsync(10_000);
    await expect.poll(() => filesWithSecret(path), inTime).toEqual([]);
  },
);

test('while a backup reads the log, the erasure waits for its end', inTime, async () => {
  const { path, store, hostId, task } = await bootedServer();
  const backup = new DatabaseSync(path, { readOnly: true });
  backup.exec('begin');
  backup.prepare('select count(*) from instances').get();
  await store.commands.complete(hostId, 1, { ok: true, steps: [] }, { now: 5 });
  const data = { ...bootData, forcedHost: secret };
  await store.commit({ task, next: { step: 'release', data, dueAt: 9 } });
  await store.commit({ task, next: null, server: { vmState: 'deleted', deletedAt: 9 } });
  await vi.advanceTimersByTimeAsync(10_000);
  // The erasure was tried, and its next attempt has a timer.
  await expect.poll(() => vi.getTimerCount(), inTime).toBeGreaterThan(0);
  expect(filesWithSecret(path)).not.toEqual([]);
  backup.close();
  await vi.advanceTimersByTimeAsync(10_000);
  await expect.poll(() => filesWithSecret(path), inTime).toEqual([]);
});

test('a command that its host still has to run for a deleted server stays unchanged', async () => {
  const { store, hostId, task } = await bootedServer();
  const { serverId } = task;
  await store.commands.complete(hostId, 1, { ok: true, steps: [] }, { now: 5 });
  const command = { hostId, serverId, body: { do: 'destroy', guestId: serverId } as const };
  const server = { vmState: 'deleted', deletedAt: 9 } as const;
  await store.commit(toStep(task, 'release', { command }));
  await store.commit(toStep(task, 'host-returned', { server }));
  expect(await store.commands.pending(hostId)).toMatchObject([{ body: command.body }]);
});

test('a command’s secrets are erased once its host has a result, while the server lives', async () => {
  const { db, store, hostId } = await bootedServer();
  await store.commands.complete(hostId, 1, { ok: true, steps: [] }, { now: 5 });
  const rows = await db.selectFrom('host_commands').selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(secret);
});

test(
  'a server deleted while its host is silent leaves no secret in unsent commands',
  inTime,
  async () => {
    const { path, store, hostId, task } = await bootedServer();
    const body = { do: 'destroy' as const, guestId: task.serverId };
    await store.commands.issue({ hostId, serverId: task.serverId, body });
    await store.commit({ task, next: null, server: { vmState: 'deleted', deletedAt: 9 } });
    await vi.advanceTimersByTimeAsync(10_000);
    await expect.poll(() => filesWithSecret(path), inTime).toEqual([]);
    expect(await store.commands.pending(hostId)).toMatchObject([{ body }]);
    expect((await store.commands.last(task.serverId, 'spawn'))?.result).toMatchObject({
      ok: false,
    });
  },
);

test('an upgrade erases the secrets of servers deleted before it', async () => {
  const path = freshFile('old.db');
  const db = openSqlite<ComputeTables>(path);
  close = () => db.destroy();
  await migrate(db, '0012-host-numbers');
  const store = computeStore(db);
  const hostId = await aHost(store, []);
  const { serverId } = await aBoot(store, { userData: secret });
  const body = { do: 'spawn', guest: { secret } } as never;
  await store.commands.issue({ hostId, serverId, body });
  await db.updateTable('host_commands').set({ succeeded: 1, result: '{}' }).execute();
  await db.updateTable('instances').set({ deleted_at: 5 }).execute();
  await migrate(db);
  const rows = [
    await db.selectFrom('host_commands').selectAll().execute(),
    await db.selectFrom('instances').selectAll().execute(),
  ];
  expect(JSON.stringify(rows)).not.toContain(secret);
});

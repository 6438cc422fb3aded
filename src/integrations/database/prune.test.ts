/** What pruning is for: a file that does not grow with the servers that are gone. */
import { type Kysely, sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import type { Store } from '#contracts/store/store.ts';
import { aBoot, aHost, toStep } from '#test/worlds/store-rows.ts';
import { migratedStore } from '#test/migrated-database.ts';
import type { ComputeTables } from './engine/tables.ts';

let close: () => Promise<void> = async () => {};
afterEach(() => close());

async function openFresh() {
  const { store, db } = await migratedStore(':memory:');
  close = () => store.close();
  return { store, db, hostId: await aHost(store, []) };
}

/** About the size of a real guest's. */
const domainXml = `<domain>${'x'.repeat(5_000)}</domain>`;

/** Servers that were booted and deleted, one after the other. */
async function endedServers(store: Store, hostId: string, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const task = await aBoot(store);
    const command = { hostId, serverId: task.serverId, body: { do: 'spawn', domainXml } as never };
    await store.commit(toStep(task, 'guest-started', { command }));
    const [{ seq } = { seq: 0 }] = await store.commands.pending(hostId);
    await store.commands.complete(hostId, seq, { ok: true, domainXml, steps: [] }, { now: 5 });
    await store.commit({ task, next: null, server: { vmState: 'deleted', deletedAt: 9 } });
  }
}

async function pagesOf(db: Kysely<ComputeTables>): Promise<{ all: number; free: number }> {
  const { rows } = await sql<{ all: number; free: number }>`
    select page_count as "all", freelist_count as free
    from pragma_page_count, pragma_freelist_count`.execute(db);
  return rows[0] ?? { all: 0, free: 0 };
}

test('a deleted server’s commands leave no pages half empty', async () => {
  const { store, db, hostId } = await openFresh();
  await endedServers(store, hostId, 1);
  const one = await pagesOf(db);
  await endedServers(store, hostId, 50);
  const { all, free } = await pagesOf(db);
  // A page of 4 KiB for each would be 50 for the commands alone, as it was when rows shrank.
  expect(all - free - (one.all - one.free)).toBeLessThan(50);
});

test('pages of pruned servers are used again', async () => {
  const { store, db, hostId } = await openFresh();
  const pages: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    await endedServers(store, hostId, 20);
    while (await store.prune.history(1_000, 200));
    while (await store.prune.servers(1_000, 200));
    pages.push((await pagesOf(db)).all);
  }
  expect(new Set(pages.slice(1)).size).toBe(1);
});

test('a live server keeps one ended command of a kind that was repeated', async () => {
  const { store, db, hostId } = await openFresh();
  const task = await aBoot(store);
  const { serverId } = task;
  for (const [index, kind] of ['spawn', 'stop', 'respawn', 'stop', 'respawn'].entries()) {
    const command = { hostId, serverId, body: { do: kind } as never };
    await store.commit(toStep(task, 'guest-started', { command }));
    const xml = `<domain>${index}</domain>`;
    await store.commands.complete(
      hostId,
      index + 1,
      { ok: true, domainXml: xml, steps: [] },
      { now: 5 },
    );
  }
  const rows = await db.selectFrom('host_commands').select('kind').orderBy('id').execute();
  expect(rows.map(({ kind }) => kind)).toEqual(['spawn', 'stop', 'respawn']);
  expect(await store.servers.domainXml(serverId)).toBe('<domain>4</domain>');
});

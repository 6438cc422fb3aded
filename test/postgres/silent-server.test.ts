/** A database machine that loses its power: its connections do not end, and answer nothing. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import { afterEach, expect, inject, test } from 'vitest';
import { openPostgres } from '#integrations/database/postgres/postgres.ts';
import { freshDatabase, onServer } from '#test/postgres/database.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/**
 * A way to the server; `cut`: nothing passes any more on the connections of now, `lose`: nor on new
 * ones, which are accepted.
 */
async function aWay(server: string): Promise<{ url: string; cut: () => void; lose: () => void }> {
  const { username, pathname, searchParams } = new URL(server.replace('@/', '@localhost/'));
  const socketFile = `${searchParams.get('host')}/.s.PGSQL.5432`;
  const sockets = new Set<Socket>();
  let isLost = false;
  const proxy = createServer((near) => {
    near.on('error', () => undefined);
    sockets.add(near);
    if (isLost) return;
    const far = connect(socketFile);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.pipe(to);
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  closers.push(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = proxy.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  const lose = (): void => {
    isLost = true;
    cut();
  };
  return { url: `postgresql://${username}@127.0.0.1:${port}${pathname}`, cut, lose };
}

async function openedBy(url: string) {
  const db = await openPostgres(url);
  closers.push(() => db.destroy());
  const one = async () => (await sql<{ one: number }>`select 1 as one`.execute(db)).rows;
  expect(await one()).toEqual([{ one: 1 }]);
  const began = performance.now();
  return { db, one, passed: () => performance.now() - began };
}

test('a connection that answers no more is ended within ten seconds, and the next statement succeeds', async () => {
  const { url, cut } = await aWay(inject('postgres'));
  const { one, passed } = await openedBy(url);
  cut();
  await expect(one()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('the database cannot be reached'),
  });
  expect(passed()).toBeLessThan(10_000);
  expect(await one()).toEqual([{ one: 1 }]);
});

test('statements to a machine that is gone fail in time, also without a free connection', async () => {
  const { url, lose } = await aWay(inject('postgres'));
  const { one, passed } = await openedBy(url);
  lose();
  const all = await Promise.allSettled([one(), one(), one()]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(passed()).toBeLessThan(12_000);
});

test('a statement that the server still executes is waited for', async () => {
  const { url } = await aWay(inject('postgres'));
  const { db } = await openedBy(url);
  const { rows } = await sql`select 1 as slept from pg_sleep(9)`.execute(db);
  expect(rows).toEqual([{ slept: 1 }]);
});

test('a statement is waited for where the server does not track what it executes', async () => {
  const { url, drop } = await freshDatabase(inject('postgres'));
  closers.push(drop);
  const name = new URL(url.replace('@/', '@localhost/')).pathname.slice(1);
  await onServer(url, `alter database ${name} set track_activities = off`);
  const { db } = await openedBy(url);
  const { rows } = await sql`select 1 as slept from pg_sleep(6)`.execute(db);
  expect(rows).toEqual([{ slept: 1 }]);
});

test('a statement without an answer fails in time, and the next one has another connection', async () => {
  const { url, cut } = await aWay(inject('postgres'));
  const db = await openPostgres(url, { answerMs: 2_000 });
  closers.push(() => db.destroy());
  const one = async () => (await sql<{ one: number }>`select 1 as one`.execute(db)).rows;
  expect(await one()).toEqual([{ one: 1 }]);
  cut();
  await expect(one()).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await one()).toEqual([{ one: 1 }]);
});

test('a transaction without an answer fails in time', async () => {
  const { url, cut } = await aWay(inject('postgres'));
  const db = await openPostgres(url, { answerMs: 2_000 });
  closers.push(() => db.destroy());
  const failed = db.transaction().execute(async (trx) => {
    cut();
    await sql`select 1`.execute(trx);
  });
  await expect(failed).rejects.toMatchObject({ kind: 'unavailable' });
});

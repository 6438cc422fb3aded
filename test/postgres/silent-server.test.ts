/** A database machine that loses its power: its connections do not end, and answer nothing. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import { afterEach, expect, inject, test } from 'vitest';
import { openPostgres } from '#integrations/database/postgres/postgres.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A way to the server; `cut`: nothing passes any more on the connections of now. */
async function aWay(server: string): Promise<{ url: string; cut: () => void }> {
  const { username, pathname, searchParams } = new URL(server.replace('@/', '@localhost/'));
  const socketFile = `${searchParams.get('host')}/.s.PGSQL.5432`;
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
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
  return { url: `postgresql://${username}@127.0.0.1:${port}${pathname}`, cut };
}

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

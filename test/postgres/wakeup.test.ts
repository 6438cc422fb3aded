/** Wake-ups between controllers. */
import { Client } from 'pg';
import { afterEach, expect, inject, test, vi } from 'vitest';
import { wakeupContract } from '#contracts/wakeup.contract.ts';
import { inProcessWakeup } from '#integrations/wakeup/in-process.ts';
import { PostgresWakeup } from '#integrations/wakeup/over-postgres.ts';
import { freshDatabase, onServer } from '#test/postgres/database.ts';
import { silentLog } from '#test/silent-log.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Two controllers whose connections are there. */
async function twoControllers() {
  const { url, drop } = await freshDatabase(inject('postgres'), 'empty');
  closers.push(drop);
  const connected = ['one', 'other'].map((id) => {
    const local = inProcessWakeup();
    const isConnected = new Promise<void>((resolve) => {
      const stop = local.listen('enrolments', () => {
        stop();
        resolve();
      });
    });
    const wakeup = new PostgresWakeup({ url, local, id, log: silentLog });
    closers.push(() => wakeup.close());
    return { wakeup, isConnected };
  });
  await Promise.all(connected.map(({ isConnected }) => isConnected));
  const [one, other] = connected.map(({ wakeup }) => wakeup);
  if (one === undefined || other === undefined) throw new Error('two are made');
  return { one, other, url };
}

wakeupContract(twoControllers);

test('a connection that was cut is made again, and then every listener is woken', async () => {
  const { one, other, url } = await twoControllers();
  let woken = 0;
  other.listen('commands:h', () => (woken += 1));
  const ended = await onServer(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'novella wake-ups' and datname = current_database()`,
  );
  expect(ended).toHaveLength(2);
  await vi.waitFor(() => expect(woken).toBeGreaterThan(0), { timeout: 10_000 });
  const before = woken;
  await vi.waitFor(() => {
    one.notify('commands:h');
    expect(woken).toBeGreaterThan(before);
  });
});

test('wake-ups of many turns within a moment are sent together', async () => {
  const { one, url } = await twoControllers();
  const payloads: string[] = [];
  const client = new Client(url);
  client.on('notification', ({ payload = '' }) => payloads.push(payload));
  await client.connect();
  closers.push(() => client.end());
  await client.query('listen novella_wakeup');
  for (const host of ['a', 'b', 'c']) {
    one.notify(`commands:${host}`);
    await Promise.resolve();
  }
  await vi.waitFor(() => expect(payloads).toHaveLength(1));
  const { topics } = JSON.parse(payloads[0] ?? '') as { topics: string[] };
  expect(topics).toEqual(['commands:a', 'commands:b', 'commands:c']);
});

test('a notification that is not of a controller is ignored', async () => {
  const { one, other, url } = await twoControllers();
  let woken = 0;
  other.listen('commands:h', () => (woken += 1));
  await onServer(url, `select pg_notify('novella_wakeup', '{')`);
  await onServer(url, `notify novella_wakeup`);
  one.notify('commands:h');
  await vi.waitFor(() => expect(woken).toBe(1));
});

test('a message reaches the other controllers once, and one that is too long is lost', async () => {
  const { one, other } = await twoControllers();
  const received: unknown[] = [];
  for (const end of [one, other]) end.onMessage((message) => received.push(message));
  const message = { type: 'cache-image', hostId: 'h', imageId: 'i' } as const;
  one.send({ ...message, imageId: 'x'.repeat(8_000) });
  one.send(message);
  await vi.waitFor(() => expect(received).toEqual([message]));
});

/** A controller whose lock of the database was lost, while another version changed the schema. */
import { Client } from 'pg';
import { expect, inject, test, vi } from 'vitest';
import { openSharedDatabase } from '#programs/controller/shared-database.ts';
import { freshDatabase, onServer } from '#test/postgres/database.ts';
import { silentLog } from '#test/silent-log.ts';

const sessions = `from pg_stat_activity left join pg_locks using (pid)
  where datname = current_database() and pid <> pg_backend_pid() and`;

test('it ends, also when the schema cannot be read at first', async () => {
  const database = await freshDatabase(inject('postgres'));
  const stops: (() => void | Promise<void>)[] = [];
  const onLost = vi.fn();
  const other = new Client(database.url);
  try {
    const { store } = await openSharedDatabase(database.url, {}, { log: silentLog, stops, onLost });
    stops.push(() => store.close());
    await other.connect();
    await other.query(`insert into kysely_migration values ('9003-changed', '2030-01-01')`);
    await other.query('begin');
    await other.query('lock table kysely_migration');
    const end = (which: string) =>
      onServer(database.url, `select pg_terminate_backend(pid) ${sessions} ${which}`);
    await end(`locktype = 'advisory'`);
    const waiting = `locktype = 'relation' and not granted`;
    const reading = () => onServer(database.url, `select 1 ${sessions} ${waiting}`);
    await expect.poll(reading, { timeout: 10_000 }).toHaveLength(1);
    await end(waiting);
    await other.query('commit');
    await expect.poll(() => onLost.mock.calls, { timeout: 10_000 }).toHaveLength(1);
    expect(onLost.mock.calls[0]?.[0]).toContain('9003-changed');
  } finally {
    for (const stop of stops.toReversed()) await stop();
    await other.end();
    await database.drop();
  }
});

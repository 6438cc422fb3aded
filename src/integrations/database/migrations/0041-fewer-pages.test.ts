import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { aNewServer } from '#test/worlds/store-rows.ts';
import { migrate } from '../migrate.ts';
import { openSqlite } from '../sqlite/sqlite.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { computeStore } from '../store.ts';

let close: () => Promise<void> = async () => {};
afterEach(() => close());

test('events that were rows of their own are in their action, in the order of their record', async () => {
  const db = openSqlite<ComputeTables>(freshFile('old.db'));
  close = () => db.destroy();
  await migrate(db, '0037-host-certificates');
  const { servers } = computeStore(db);
  const first = aNewServer();
  const other = aNewServer();
  for (const each of [first, other]) await servers.create(each);
  const id = first.action.id;
  await sql`
    insert into instance_actions_events
      (action_uuid, event, start_time, finish_time, result, details, host)
    values (${id}, 'spawn', 20, 30, 'Success', null, 'host-1'),
      (${id}, 'schedule', 10, null, null, null, null)`.execute(db);
  await migrate(db);
  const [action] = await servers.actions(first.server.id);
  const spawn = { name: 'spawn', startedAt: 20, finishedAt: 30, result: 'Success' };
  const schedule = { name: 'schedule', startedAt: 10, finishedAt: null, result: null };
  expect(action?.events).toEqual([
    { ...spawn, details: null, host: 'host-1' },
    { ...schedule, details: null, host: null },
  ]);
  expect(action?.updatedAt).toBe(Math.max(first.action.startedAt, 30));
  expect((await servers.actions(other.server.id))[0]?.events).toEqual([]);
});

import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { aNewServer } from '#test/worlds/store-rows.ts';
import { freshFile } from '#test/fresh-file.ts';
import { migrate } from '../migrate.ts';
import { openSqlite } from '../sqlite/sqlite.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { computeStore } from '../store.ts';
import { taskSteps } from '../tasks/task-schemas.ts';
import { renamedSteps } from './0018-task-versions.ts';

let close: () => Promise<void> = async () => {};
afterEach(() => close());

const renamed = Object.entries(renamedSteps).flatMap(([kind, steps]) =>
  Object.entries(steps).map(([before, since]) => ({ kind, before, since })),
);

test.each(renamed)('a $kind that an older version left at $before is at $since', async (each) => {
  const { kind, before, since } = each;
  const db = openSqlite<ComputeTables>(freshFile('old.db'));
  close = () => db.destroy();
  await migrate(db, '0017-hosts-by-number');
  const store = computeStore(db);
  const old = aNewServer();
  await store.servers.create(old);
  const data = {
    boot: old.task.data,
    delete: {},
    act: { act: 'stop' },
    attach: {
      nicId: 'x',
      nic: { networkId: 'n', fixedIp: null, portId: 'p', tag: null, pciRequestId: null },
      pciRequest: null,
    },
    detach: { nicId: 'x' },
  }[kind];
  const text = JSON.stringify(data);
  await sql`update tasks set kind = ${kind}, step = ${before}, data = ${text}`.execute(db);
  expect(await migrate(db)).toContain('0018-task-versions');
  expect(await store.tasks.of(old.server.id)).toMatchObject({ kind, step: since, data });
});

test.each(renamed)('$since is a step of $kind, and $before is not', ({ kind, before, since }) => {
  const steps = taskSteps[kind as keyof typeof taskSteps];
  expect(steps).toHaveProperty([since]);
  expect(steps).not.toHaveProperty([before]);
});

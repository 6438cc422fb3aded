/**
 * Lists of servers are found by indexes: how the database goes about them is a fact that it states
 * itself.
 */
import { CompiledQuery } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import type { ServerSelection } from '#contracts/store/server-selection.ts';
import { selectionQuery } from './server-selection.ts';
import { migratedStore } from '#test/migrated-database.ts';

let close: () => Promise<void> = async () => {};
afterEach(() => close());

type Selection = Omit<ServerSelection, 'limit' | 'deleted'> & {
  deleted?: ServerSelection['deleted'];
};

async function planOf(selection: Selection, isLaterPage: boolean): Promise<string> {
  const { store, db } = await migratedStore(':memory:');
  close = () => store.close();
  const request = { deleted: 'none', limit: 100, ...selection } as const;
  const { sql, parameters } = selectionQuery(
    db,
    request,
    isLaterPage ? [5, 5] : undefined,
  ).compile();
  const explain = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
  const { rows } = await db.executeQuery<{ detail: string }>(explain);
  return rows.map(({ detail }) => detail).join('; ');
}

const mine = { projectId: 'p' };
const usual: { name: string; selection: Selection; by: string }[] = [
  {
    name: 'of a project',
    selection: mine,
    by: 'instances_live_of_project (project_id=? AND deleted_at=?',
  },
  { name: 'of all projects', selection: {}, by: 'instances_live (deleted_at=?' },
  {
    name: 'by status',
    selection: { ...mine, either: [[{ field: 'vmState', oneOf: ['active'] }]] },
    by: 'instances_live_of_project (project_id=? AND deleted_at=?',
  },
  {
    name: 'of deleted servers',
    selection: { ...mine, deleted: 'only' },
    by: 'instances_of_project (project_id=?',
  },
  {
    name: 'of changes',
    selection: { ...mine, deleted: 'too', changedSince: 5 },
    by: 'instances_of_project (project_id=?',
  },
  {
    name: 'of changes in all projects',
    selection: { deleted: 'too', changedSince: 5 },
    by: 'instances_in_order',
  },
  {
    name: 'of a host by its name',
    selection: { where: [{ field: 'hostName', oneOf: ['h'] }] },
    by: 'instances_live_by_host_name (host=? AND deleted_at=?',
  },
  {
    name: 'of a host',
    selection: { where: [{ field: 'hostId', oneOf: ['h'] }] },
    by: 'instances_live_of_host (compute_node_id=? AND deleted_at=?',
  },
  { name: 'by id', selection: { where: [{ field: 'id', oneOf: ['u'] }] }, by: '(uuid=?' },
];

test.each(usual)('the list $name reads an index, from the marker on', async ({ selection, by }) => {
  for (const isLaterPage of [false, true]) {
    const plan = await planOf(selection, isLaterPage);
    expect(plan).toContain(by);
    expect(plan).not.toMatch(/SCAN instances(?! USING (COVERING )?INDEX)/);
    await close();
  }
});

test.each(usual.slice(0, 6))('the list $name is sorted by its index', async ({ selection }) => {
  expect(await planOf(selection, true)).not.toContain('TEMP B-TREE');
});

test('a later page of a project begins at its marker', async () => {
  expect(await planOf(mine, true)).toContain('(project_id=? AND deleted_at=? AND created_at<?)');
});

import { expect, test } from 'vitest';
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import type { WorkflowContext } from './context.ts';
import { startSystemTask, type SystemTask } from './start-system-task.ts';

/** A context whose store takes the task, or refuses it with an error of this kind. */
function around(refusal?: ErrorKind) {
  const begun: unknown[][] = [];
  const notified: string[] = [];
  const begin = async (...all: unknown[]) => {
    if (refusal !== undefined) throw new ComputeError(refusal, 'refused');
    begun.push(all);
  };
  let ids = 0;
  const context = {
    store: { tasks: { begin } },
    clock: { now: () => 5_000 },
    newId: () => `id-${(ids += 1)}`,
    wakeup: { notify: (topic: string) => notified.push(topic) },
  } as unknown as WorkflowContext;
  return { context, begun, notified };
}

const server = { id: 's-1', projectId: 'blue' };
const follow: Omit<SystemTask<'follow-ports'>, 'action'> = {
  kind: 'follow-ports',
  step: 'follow',
  data: { moved: [], upTo: 3 },
};
const task = {
  ...follow,
  id: 'id-1',
  serverId: 's-1',
  actionId: 'id-2',
  request: { requestId: 'req-id-3' },
  dueAt: 5_000,
};

test.each([
  {
    name: 'its action is Novella’s, in the server’s project',
    given: 'follow-ports',
    gives: {
      id: 'id-2',
      serverId: 's-1',
      action: 'follow-ports',
      requestId: 'req-id-3',
      userId: 'novella',
      projectId: 'blue',
      startedAt: 5_000,
    },
  },
  { name: 'it is no action of the server', given: null, gives: null },
])('it begins on an idle server, due at once: $name', async ({ given, gives }) => {
  const { context, begun, notified } = around();
  expect(await startSystemTask(context, server, { ...follow, action: given })).toBe('begun');
  expect(begun).toEqual([[task, gives, {}, { onlyIdle: true }]]);
  expect(notified).toEqual(['tasks']);
});

test.each<{ name: string; given: ErrorKind; gives: string }>([
  { name: 'another workflow runs', given: 'conflict', gives: 'busy' },
  { name: 'the server is deleted', given: 'notFound', gives: 'gone' },
])('it is not begun when $name', async ({ given, gives }) => {
  const { context, notified } = around(given);
  expect(await startSystemTask(context, server, { ...follow, action: null })).toBe(gives);
  expect(notified).toEqual([]);
});

test('any other refusal of the store is an error', async () => {
  const { context } = around('unavailable');
  const started = startSystemTask(context, server, { ...follow, action: null });
  await expect(started).rejects.toMatchObject({ kind: 'unavailable' });
});

import { expect, test } from 'vitest';
import type { StoredCommand } from '#contracts/store/store.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';
import { newestCommand } from './server-of.ts';
import { TaskRun } from './task-run.ts';

const server = { id: 's-1', name: 'web', vmState: 'building' } as Server;

function counted() {
  let reads = 0;
  const servers = {
    get: async () => {
      reads += 1;
      return { ...server, name: 'as stored' };
    },
  };
  const nameIn = async (run: TaskRun) => {
    const { name } = (await run.server(servers, 's-1'))!;
    return [name, reads];
  };
  return { nameIn };
}

test('a server as just recorded is not read, and follows the commits of its task', async () => {
  const { nameIn } = counted();
  const run = new TaskRun({ server });
  expect(await nameIn(run)).toEqual(['web', 0]);
  run.committed({ server: { name: 'db' } }, 0);
  expect(await nameIn(run)).toEqual(['db', 0]);
  run.committed({ nics: [] }, 0);
  expect(await nameIn(run)).toEqual(['as stored', 1]);
  expect(await nameIn(run)).toEqual(['as stored', 1]);
});

test('what was known at the start is forgotten at the first commit', () => {
  const run = new TaskRun({ server, isInNoGroup: true, pciRequests: [] });
  expect(run.known).toMatchObject({ isInNoGroup: true, pciRequests: [] });
  run.committed({}, 0);
  expect(run.known).toEqual({});
});

test('an epoch counts as checked for a second after a commit, whatever the clock does', () => {
  const run = new TaskRun({ server });
  expect(run.isCurrent(10_000)).toBe(false);
  run.committed({}, 10_000);
  expect([10_000, 10_999, 11_000, 9_999].map((now) => run.isCurrent(now))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('the answer that made a task due is not read again; another kind of command is', async () => {
  const command = (kind: StoredCommand['kind']): StoredCommand => ({
    ...{ hostId: 'h-1', seq: 1, serverId: 's-1', kind },
    result: { ok: true, steps: [] },
  });
  const asked: string[] = [];
  const last = async (_id: string, kind: StoredCommand['kind']) => {
    asked.push(kind);
    return command(kind);
  };
  const run = new TaskRun({ answer: command('spawn') });
  const context = { run, store: { commands: { last } } } as unknown as WorkflowContext;
  expect(await newestCommand(context, { serverId: 's-1' }, 'spawn')).toEqual(command('spawn'));
  expect(asked).toEqual([]);
  expect(await newestCommand(context, { serverId: 's-1' }, 'destroy')).toEqual(command('destroy'));
  run.committed({}, 0);
  await newestCommand(context, { serverId: 's-1' }, 'spawn');
  expect(asked).toEqual(['destroy', 'spawn']);
});

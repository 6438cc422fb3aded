import { expect, test } from 'vitest';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';
import { hostOf, serverOf } from './server-of.ts';

const rows = {
  servers: { get: async (id: string) => (id === 's-1' ? { id } : undefined) },
  hosts: { get: async (id: string) => (id === 'h-1' ? { id } : undefined) },
};
const fleet = { host: (hosts: typeof rows.hosts, id: string) => hosts.get(id) };
const context = { store: rows, fleet } as unknown as WorkflowContext;
const on = (hostId: string | null) => ({ id: 's-1', hostId }) as Server;

test('the server of a task', async () => {
  expect(await serverOf(context, { id: 't-1', serverId: 's-1' })).toEqual({ id: 's-1' });
});

test('a task without its server is a fault of ours, which the log names', async () => {
  await expect(serverOf(context, { id: 't-1', serverId: 's-2' })).rejects.toMatchObject({
    kind: 'bug',
    detail: 'task t-1 is for server s-2, which does not exist',
  });
});

test.each([
  { name: 'none', given: null, gives: undefined },
  { name: 'one', given: 'h-1', gives: { id: 'h-1' } },
])('the host of a server that has $name', async ({ given, gives }) => {
  expect(await hostOf(context, on(given))).toEqual(gives);
});

test('a server without the host of its row is a fault of ours, which the log names', async () => {
  await expect(hostOf(context, on('h-2'))).rejects.toMatchObject({
    kind: 'bug',
    detail: 'server s-1 is on host h-2, which does not exist',
  });
});

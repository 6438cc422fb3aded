/** Reads of rows that must exist: their absence is a broken store, not a user's mistake. */
import type { Host, TaskRef } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';

/** The server of a task. */
export async function serverOf(
  context: WorkflowContext,
  task: Pick<TaskRef, 'id' | 'serverId'>,
): Promise<Server> {
  const server = await context.store.servers.get(task.serverId);
  invariant(server, `task ${task.id} is for server ${task.serverId}, which does not exist`);
  return server;
}

/** The host of a server, or undefined while it has none. */
export async function hostOf(context: WorkflowContext, server: Server): Promise<Host | undefined> {
  if (server.hostId === null) return undefined;
  const host = await context.store.hosts.get(server.hostId);
  invariant(host, `server ${server.id} is on host ${server.hostId}, which does not exist`);
  return host;
}

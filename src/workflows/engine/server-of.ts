/** Reads of rows that must exist: their absence is a broken store, not a user's mistake. */
import type { Host, StoredCommand, TaskRef } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';

/** The server of a task; undefined when its row is gone or unreadable. */
export function runningServer(
  { store, run }: WorkflowContext,
  { serverId }: Pick<TaskRef, 'serverId'>,
): Promise<Server | undefined> {
  return run === undefined ? store.servers.get(serverId) : run.server(store.servers, serverId);
}

/** The server of a task. */
export async function serverOf(
  context: WorkflowContext,
  task: Pick<TaskRef, 'id' | 'serverId'>,
): Promise<Server> {
  const server = await runningServer(context, task);
  invariant(server, `task ${task.id} is for server ${task.serverId}, which does not exist`);
  return server;
}

/**
 * The host of a server, or undefined while it has none. `since`: the generation of the host's row
 * from which on it is new enough; absent: as it is stored now.
 */
export async function hostOf(
  context: WorkflowContext,
  { id, hostId }: Pick<Server, 'id' | 'hostId'>,
  since?: number,
): Promise<Host | undefined> {
  if (hostId === null) return undefined;
  const host = await context.fleet.host(context.store.hosts, hostId, since);
  invariant(host, `server ${id} is on host ${hostId}, which does not exist`);
  return host;
}

/** The newest command of this kind for the task's server. */
export async function newestCommand(
  { store, run }: WorkflowContext,
  { serverId }: Pick<TaskRef, 'serverId'>,
  kind: StoredCommand['kind'],
): Promise<StoredCommand | undefined> {
  const answer = run?.known.answer;
  return answer?.kind === kind ? answer : store.commands.last(serverId, kind);
}

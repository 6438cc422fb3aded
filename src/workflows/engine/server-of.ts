/** Reads of rows that must exist: their absence is a broken store, not a user's mistake. */
import type { Host, Store, TaskRef, Transition } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { ServerOfRun, WorkflowContext } from './context.ts';

/**
 * The server of a task while its steps run one after the other: read once, then changed as each
 * commit changes its row. Only the task changes what its steps read; a name or metadata that a user
 * changes in between is seen by the next task.
 */
export class RunningServer implements ServerOfRun {
  #row: Server | undefined;

  /** `row`: the server as just recorded. */
  constructor(row?: Server) {
    this.#row = row;
  }

  async read(servers: Pick<Store['servers'], 'get'>, id: string): Promise<Server | undefined> {
    this.#row ??= await servers.get(id);
    return this.#row;
  }

  committed({ server, nics, removedNics }: Partial<Transition>): void {
    const isKept = nics === undefined && removedNics === undefined && server?.vmState !== 'deleted';
    this.#row = isKept && this.#row !== undefined ? { ...this.#row, ...server } : undefined;
  }
}

/** The server of a task; undefined when its row is gone or unreadable. */
export function runningServer(
  { store, server }: WorkflowContext,
  { serverId }: Pick<TaskRef, 'serverId'>,
): Promise<Server | undefined> {
  return server === undefined ? store.servers.get(serverId) : server.read(store.servers, serverId);
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

/** The host of a server, or undefined while it has none. */
export async function hostOf(context: WorkflowContext, server: Server): Promise<Host | undefined> {
  if (server.hostId === null) return undefined;
  const host = await context.fleet.host(context.store.hosts, server.hostId);
  invariant(host, `server ${server.id} is on host ${server.hostId}, which does not exist`);
  return host;
}

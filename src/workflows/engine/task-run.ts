/** What the steps of one task need not read, because this process has just recorded or read it. */
import type { Store, StoredCommand, Transition } from '#contracts/store/store.ts';
import type { Network } from '#core/networking/port.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Server } from '#core/servers/server.ts';

/** What is known of a task when it begins to run. */
export interface KnownOfTask {
  /** As just recorded. */
  server?: Server;
  /** Those of a server that was just recorded. */
  pciRequests?: readonly PciRequest[];
  /** A server joins a group when it is recorded, or never. */
  isInNoGroup?: boolean;
  /** The command whose result made the task due: the server's newest. */
  answer?: StoredCommand | undefined;
  /** The networks of its ports that need a device, as read when its server was accepted. */
  networks?: ReadonlyMap<string, Network>;
  /** When this process recorded it, and found its epoch current; epoch milliseconds. */
  recordedAt?: number;
}

/** How long the epoch of a task counts as checked; far less than a lease lasts. */
const checkedMs = 1_000;

/**
 * One run of a task's steps, one after the other. The server is read once, then changed as each
 * commit changes its row. Only the task changes what its steps read; a name or metadata that a user
 * changes in between is seen by the next task.
 */
export class TaskRun {
  #server: Server | undefined;
  #known: KnownOfTask;
  #checkedAt: number;

  constructor(known: KnownOfTask = {}) {
    this.#known = known;
    this.#server = known.server;
    this.#checkedAt = known.recordedAt ?? -Infinity;
  }

  async server(servers: Pick<Store['servers'], 'get'>, id: string): Promise<Server | undefined> {
    this.#server ??= await servers.get(id);
    return this.#server;
  }

  /** Until the first commit, what was known at the start. */
  get known(): KnownOfTask {
    return this.#known;
  }

  /** Call after each commit, with what it changed, and when. */
  committed({ server, nics, removedNics }: Partial<Transition>, now: number): void {
    this.#known = {};
    this.#checkedAt = now;
    const isKept = nics === undefined && removedNics === undefined && server?.vmState !== 'deleted';
    this.#server =
      isKept && this.#server !== undefined ? { ...this.#server, ...server } : undefined;
  }

  /**
   * Whether a commit of this run has just found the task's epoch current. Its lease has not expired
   * since, and a workflow that takes over waits for the running step.
   */
  isCurrent(now: number): boolean {
    const since = now - this.#checkedAt;
    return since >= 0 && since < checkedMs;
  }
}

/**
 * Hosts that did not answer when a move ended may still have the guest, as after an evacuation.
 * Once such a host is back it removes the guest, and only then is what it held free.
 */
import type { Host, Move } from '#contracts/store/store.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { repeat } from '#runtime/timing/repeat.ts';
import { dropBindings } from './move-ports.ts';
import { keepsFiles, releaseSide } from './sides.ts';

const checkMs = 1_000;

/** Polls every second until stopped. */
export function watchLeftGuests(context: WorkflowContext): { stop(): Promise<void> } {
  const left = new LeftGuests(context);
  return repeat(
    () => left.settleAll(),
    checkMs,
    (error) => context.log.error({ err: error }, 'cannot clean up after a move; will try again'),
  );
}

/** The removals that this process has commanded. */
export class LeftGuests {
  readonly #context: WorkflowContext;
  /** The number of the newest removal before ours, by move; 0: there was none. */
  readonly #commanded = new Map<string, number>();

  constructor(context: WorkflowContext) {
    this.#context = context;
  }

  /** Commands the removals on hosts that are back, and releases what those have confirmed. */
  async settleAll(): Promise<void> {
    const { store, links, peers } = this.#context;
    if (peers?.isFirst() === false) return;
    for (const move of await store.moves.left()) {
      const host = await store.hosts.get(move.leftOn ?? '');
      if (host !== undefined && links.isAlive(host)) await this.#settle(move, host);
    }
  }

  async #settle(move: Move, host: Host): Promise<void> {
    const { store, wakeup, log } = this.#context;
    const { serverId } = move;
    const removal = await store.commands.lastOn({ hostId: host.id, serverId }, 'destroy');
    const before = this.#commanded.get(move.id);
    const isOurs = before !== undefined && (removal?.seq ?? 0) !== before;
    if (isOurs && removal?.result === null) return;
    if (!isOurs || removal?.result?.ok !== true) {
      this.#commanded.set(move.id, removal?.result === null ? 0 : (removal?.seq ?? 0));
      const isDeleted = (await store.servers.get(serverId))?.deletedAt !== null;
      const kept = isDeleted ? {} : keepsFiles(move);
      const body = { do: 'destroy', guestId: serverId, ...kept } as const;
      await store.commands.issue({ hostId: host.id, serverId, body });
      wakeup.notify(`commands:${host.id}`);
      return;
    }
    if (await this.#release(move, host)) this.#commanded.delete(move.id);
    else log.debug({ host: host.name }, 'the host has changed; its release is tried again');
  }

  async #release(move: Move, host: Host): Promise<boolean> {
    const { store } = this.#context;
    const server = await store.servers.get(move.serverId);
    if (server?.deletedAt === null) await dropBindings(this.#context, server, host.name);
    const side = move.source?.id === host.id ? 'before' : 'after';
    const change = await releaseSide(this.#context, move, side);
    if (change === undefined) return true;
    const status = move.status === 'done' ? 'completed' : move.status;
    return (await store.moves.settle({ id: move.id, status, leftOn: null }, change)) === 'ok';
  }
}

/** Sends changes of hosts to all open streams, at most one of each host every `tickMs`. */
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { ComputeError, errorText } from '#core/errors.ts';
import { EventStream, type ServerEvent } from '#http/event-stream.ts';
import { repeat } from '#runtime/timing/repeat.ts';
import type { FabricChange, FabricView } from '#workflows/hosts/fabric-view.ts';
import { fleetHostText } from './fleet-host.ts';

export interface StreamLimits {
  /** Between two events about one host. */
  tickMs: number;
  /** Between two lines that keep a connection open. */
  commentMs: number;
  /** Between two checks of a reader's token and role. */
  recheckMs: number;
  /** After which a stream ends, and its reader connects again. */
  lifeMs: number;
  /** Unread by a slow reader, which is then disconnected. */
  backlogBytes: number;
  /** Hosts that a reader is sent at its return; if more have changed it is sent a reset. */
  mostMissed: number;
  streams: number;
  streamsOfUser: number;
}

export const usualStreamLimits: StreamLimits = {
  tickMs: 250,
  commentMs: 15_000,
  recheckMs: 30_000,
  lifeMs: 3_600_000,
  backlogBytes: 1_048_576,
  mostMissed: 1_000,
  streams: 64,
  streamsOfUser: 16,
};

/** `since`: the last change that it has; undefined: only what comes. */
export interface Reader {
  since: number | undefined;
  userId: string;
  /** By which it was opened. */
  token: string;
  /** Throws unless the reader may still read. */
  check: () => Promise<void>;
}

interface Open {
  stream: EventStream;
  reader: Reader;
  sentUpTo: number;
  openedAt: number;
  commentedAt: number;
  checkedAt: number;
}

interface EventParts {
  fabric: FabricView;
  log: Pick<Logger, 'warn'>;
  limits?: Partial<StreamLimits>;
}

export class FleetEvents {
  readonly #fabric: FabricView;
  readonly #log: EventParts['log'];
  readonly #limits: StreamLimits;
  readonly #open = new Set<Open>();
  #ticking: { stop(): Promise<void> } | undefined;
  #isStopped = false;

  constructor({ fabric, log, limits }: EventParts) {
    this.#fabric = fabric;
    this.#log = log;
    this.#limits = { ...usualStreamLimits, ...limits };
  }

  /**
   * The body of a reply that stays open. Throws `tooManyRequests` where too many streams are open,
   * `unavailable` once this is stopped.
   */
  async open(reader: Reader): Promise<Readable> {
    await this.#fabric.refresh();
    this.#refuseTooMany(reader);
    const { backlogBytes } = this.#limits;
    const stream = new EventStream({ backlogBytes, onClose: () => this.#closed(one) });
    const now = performance.now();
    const times = { openedAt: now, commentedAt: now, checkedAt: now };
    const one: Open = { stream, reader, sentUpTo: this.#fabric.change, ...times };
    this.#open.add(one);
    stream.retryAfter(retryMs);
    this.#catchUp(one);
    this.#ticking ??= repeat(
      () => this.#tick(),
      this.#limits.tickMs,
      (error) => this.#log.warn({ err: error }, 'events of hosts: cannot read what changed'),
    );
    return stream.body;
  }

  /** Ends the streams of this token, which was revoked. Those of other processes end at a check. */
  endOf(token: string): void {
    for (const one of this.#open) {
      if (one.reader.token === token) this.#end(one, 'signed out');
    }
  }

  /** Ends all streams; what was sent still arrives. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const one of this.#open) this.#end(one, 'the controller is stopping');
    await this.#ticking?.stop();
  }

  #refuseTooMany({ userId }: Reader): void {
    if (this.#isStopped) throw new ComputeError('unavailable', 'The service is stopping.');
    const { streams, streamsOfUser } = this.#limits;
    const ofUser = [...this.#open].filter((one) => one.reader.userId === userId).length;
    if (this.#open.size < streams && ofUser < streamsOfUser) return;
    const most = ofUser < streamsOfUser ? String(streams) : `${streamsOfUser} of this user`;
    throw new ComputeError('tooManyRequests', `Too many event streams are open: ${most}.`);
  }

  #catchUp(one: Open): void {
    const { since } = one.reader;
    if (since === undefined) return this.#reset(one, 'start');
    const missed = this.#fabric.since(since);
    if (missed === undefined || missed.length > this.#limits.mostMissed) {
      return this.#reset(one, 'reset');
    }
    one.stream.send(missed.map(eventOf));
  }

  /** The reader continues from the current change. */
  #reset(one: Open, type: 'start' | 'reset'): void {
    const { change } = this.#fabric;
    one.sentUpTo = change;
    one.stream.send([{ id: change, type, data: JSON.stringify({ change }) }]);
  }

  async #tick(): Promise<void> {
    await this.#fabric.refresh();
    const now = performance.now();
    const oldest = Math.min(...[...this.#open].map(({ sentUpTo }) => sentUpTo));
    const changes = this.#fabric
      .since(oldest)
      ?.map((change) => ({ change, event: eventOf(change) }));
    for (const one of this.#open) {
      if (changes === undefined) this.#reset(one, 'reset');
      else {
        const fresh = changes.filter(({ change }) => change.change > one.sentUpTo);
        one.sentUpTo = this.#fabric.change;
        one.stream.send(fresh.map(({ event }) => event));
      }
      this.#keepOpen(one, now);
    }
  }

  #keepOpen(one: Open, now: number): void {
    const { commentMs, recheckMs, lifeMs } = this.#limits;
    if (now - one.openedAt >= lifeMs)
      return this.#end(one, 'the longest time of a stream has passed: connect again');
    if (now - one.commentedAt >= commentMs) {
      one.commentedAt = now;
      one.stream.comment();
    }
    if (now - one.checkedAt < recheckMs) return undefined;
    one.checkedAt = now;
    one.reader.check().catch((error: unknown) => this.#end(one, errorText(error)));
    return undefined;
  }

  #end(one: Open, reason: string): void {
    one.stream.send([{ type: 'end', data: JSON.stringify({ reason }) }]);
    one.stream.end();
    this.#closed(one);
  }

  #closed(one: Open): void {
    this.#open.delete(one);
    if (this.#open.size > 0) return;
    void this.#ticking?.stop();
    this.#ticking = undefined;
  }
}

/** A client that loses its connection is back within the time in which a change must be shown. */
const retryMs = 500;

function eventOf(change: FabricChange): ServerEvent {
  const { change: id } = change;
  if ('host' in change) return { id, type: 'host', data: fleetHostText(change.host) };
  return { id, type: 'removed', data: JSON.stringify({ name: change.removed }) };
}

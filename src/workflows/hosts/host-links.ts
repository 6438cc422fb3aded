/**
 * Which hosts are linked to this process, and what it has sent them. The wall clock may jump; a
 * link and the monotonic clock do not. State of this process only: after a restart hosts link
 * again, and everything that was pending counts as sent.
 */
import type { Clock } from '#contracts/clock.ts';
import type { Uptime } from '#contracts/host/host-link.ts';
import type { Host } from '#contracts/store/store.ts';

export interface HostLinksOptions {
  clock: Clock;
  /** Milliseconds that never go back, such as `performance.now`. */
  monotonic: Clock;
  /** A host whose agent has been silent for longer is down. */
  hostTimeoutMs: number;
  /** Names of hosts whose agents run in this process. */
  localHosts?: ReadonlySet<string>;
}

type Seen = Pick<Host, 'id' | 'forcedDown' | 'lastSeenAt'>;

export class HostLinks {
  readonly #options: HostLinksOptions;
  readonly #startedAt: number;
  /** Number of open links by host id: for a moment a host may have an old and a new one. */
  readonly #open = new Map<string, number>();
  /** When the last link closed, on the monotonic clock. */
  readonly #closedAt = new Map<string, number>();
  readonly #sentUpTo = new Map<string, number>();
  readonly #withdrawn = new Set<string>();
  readonly #uptimes = new Map<string, Uptime>();

  constructor(options: HostLinksOptions) {
    this.#options = options;
    this.#startedAt = options.monotonic.now();
  }

  /** The host has said hello. Returns the way to say that this link has closed. */
  opened(hostId: string): () => void {
    this.#open.set(hostId, (this.#open.get(hostId) ?? 0) + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      const left = (this.#open.get(hostId) ?? 1) - 1;
      if (left > 0) return void this.#open.set(hostId, left);
      this.#open.delete(hostId);
      this.#closedAt.set(hostId, this.#options.monotonic.now());
    };
  }

  isLocal(name: string): boolean {
    return this.#options.localHosts?.has(name) === true;
  }

  /**
   * Is its agent linked, or was it lately, and has no operator forced the host down? `lastSeenAt`
   * 0: never alive until it links again. A time in the future, left by a clock that has since gone
   * back, counts for as long as one in the past.
   */
  isAlive({ id, forcedDown, lastSeenAt }: Seen): boolean {
    if (forcedDown || lastSeenAt === 0) return false;
    if (this.#open.has(id)) return true;
    const { clock, monotonic, hostTimeoutMs } = this.#options;
    const closedAt = this.#closedAt.get(id);
    const silentMs =
      closedAt === undefined ? Math.abs(clock.now() - lastSeenAt) : monotonic.now() - closedAt;
    return silentMs <= hostTimeoutMs;
  }

  /**
   * For how long this process has had no link to the host, in milliseconds; Infinity for a host
   * without a link that an operator forced down. A host from before this process started has its
   * full time to come back.
   */
  silentMs({ id, forcedDown }: Pick<Seen, 'id' | 'forcedDown'>): number {
    if (this.#open.has(id)) return 0;
    if (forcedDown) return Infinity;
    return this.#options.monotonic.now() - (this.#closedAt.get(id) ?? this.#startedAt);
  }

  /** What the host last said of its uptime; undefined: nothing, which keeps what it said before. */
  noteUptime(hostId: string, uptime: Uptime | undefined): void {
    if (uptime !== undefined) this.#uptimes.set(hostId, uptime);
  }

  /** At most a heartbeat old while the host is linked; undefined: it has not said. */
  uptimeOf(hostId: string): Uptime | undefined {
    return this.#uptimes.get(hostId);
  }

  /** Commands up to this number may have reached the host: sent here, or by the process before. */
  markSent(hostId: string, seq: number): void {
    this.#sentUpTo.set(hostId, Math.max(seq, this.#sentUpTo.get(hostId) ?? 0));
  }

  maySend(hostId: string, seq: number): boolean {
    return !this.#withdrawn.has(`${hostId} ${seq}`);
  }

  /**
   * Takes back a command that the host was never sent, so that it never will be. False when it may
   * have been sent.
   */
  withdraw(hostId: string, seq: number): boolean {
    if (seq <= (this.#sentUpTo.get(hostId) ?? 0)) return false;
    this.#withdrawn.add(`${hostId} ${seq}`);
    return true;
  }

  /** The command that was taken back may be sent again: its end could not be recorded. */
  reinstate(hostId: string, seq: number): void {
    this.#withdrawn.delete(`${hostId} ${seq}`);
  }
}

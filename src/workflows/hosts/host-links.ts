/**
 * Which hosts are linked to this process, or to another controller, and the commands sent to them.
 * The wall clock may jump; a link and the monotonic clock do not. Own state of this process: after
 * a restart hosts link again, and everything that was pending counts as sent.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '#contracts/clock.ts';
import type { HostCommand, Uptime } from '#contracts/host/host-link.ts';
import type { Host } from '#contracts/store/store.ts';
import type { HostOffer } from '#core/pci/specs/host-offer.ts';
import { type ConsolesElsewhere, HostConsoles } from './host-consoles.ts';
import { HostTraffic } from './host-traffic.ts';
import { ImageCaches } from './image-caches.ts';
import type { SharedLinks } from './shared-links.ts';

export interface HostLinksOptions {
  clock: Clock;
  /** Milliseconds that never go back, such as `performance.now`. */
  monotonic: Clock;
  /** A host whose agent has been silent for longer is down. */
  hostTimeoutMs: number;
  /** Names of hosts whose agents run in this process. */
  localHosts?: ReadonlySet<string>;
  /** Whether hosts are to report the traffic of their guests' VFs. Absent: no. */
  countsTraffic?: boolean;
  /** Requests to hosts that are linked to other controllers. */
  elsewhere?: RequestsElsewhere;
  /** The links to all controllers; absent: this process is the only one. */
  shared?: SharedLinks;
}

export interface RequestsElsewhere {
  consoles: ConsolesElsewhere;
  /** False: the host is linked to no other controller. */
  cacheImage: (hostId: string, imageId: string) => boolean;
}

/** Must not throw, and returns without waiting. */
type CommandSender = (command: HostCommand) => void;

type Seen = Pick<Host, 'id' | 'forcedDown' | 'lastSeenAt'>;

export class HostLinks {
  /** Those of the linked hosts. */
  readonly consoles: HostConsoles;
  readonly imageCaches: ImageCaches;
  readonly traffic: HostTraffic;
  readonly #options: HostLinksOptions;
  readonly #startedAt: number;
  /** Number of open links by host id: briefly a host may have an old and a new one. */
  readonly #open = new Map<string, number>();
  #changes = 0;
  /** When the last link closed, on the monotonic clock. */
  readonly #closedAt = new Map<string, number>();
  readonly #senders = new Map<string, CommandSender>();
  readonly #sentUpTo = new Map<string, number>();
  /** Numbers of revoked commands, by host. */
  readonly #withdrawn = new Map<string, Set<number>>();
  readonly #uptimes = new Map<string, Uptime>();
  readonly #offers = new Map<string, HostOffer>();
  readonly #seenAt = new Map<string, number>();
  /** Hosts whose last contact the store does not have. */
  readonly #unwritten = new Set<string>();

  constructor(options: HostLinksOptions) {
    this.#options = options;
    this.#startedAt = options.monotonic.now();
    this.traffic = new HostTraffic(options.countsTraffic === true);
    const { elsewhere } = options;
    this.consoles = new HostConsoles(randomUUID, elsewhere?.consoles);
    this.imageCaches = new ImageCaches(() => options.monotonic.now(), elsewhere?.cacheImage);
  }

  /** The host has sent hello. Returns the function that reports this link as closed. */
  opened(hostId: string): () => void {
    this.#open.set(hostId, (this.#open.get(hostId) ?? 0) + 1);
    this.#changes += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#changes += 1;
      const left = (this.#open.get(hostId) ?? 1) - 1;
      if (left > 0) return void this.#open.set(hostId, left);
      this.#open.delete(hostId);
      this.#closedAt.set(hostId, this.#options.monotonic.now());
    };
  }

  /** How many links have opened and closed: a linked host stays linked while this is the same. */
  get changes(): number {
    return this.#changes + (this.shared?.changes ?? 0);
  }

  /** The links to all controllers; undefined: this process is the only one. */
  get shared(): SharedLinks | undefined {
    return this.#options.shared;
  }

  /** To any controller. */
  isLinked(hostId: string): boolean {
    return this.#open.has(hostId) || this.shared?.isLinkedElsewhere(hostId) === true;
  }

  /** The hosts that are linked to this process, and the last command that each was sent. */
  sentHere(): Map<string, number> {
    return new Map([...this.#open.keys()].map((id) => [id, this.sentUpTo(id)]));
  }

  isLocal(name: string): boolean {
    return this.#options.localHosts?.has(name) === true;
  }

  /**
   * Whether its agent is linked, or was recently, and no operator has forced the host down.
   * `lastSeenAt` 0: not alive until it links again. A time in the future, left by a clock that has
   * since gone back, counts for as long as one in the past.
   */
  isAlive({ id, forcedDown, lastSeenAt }: Seen): boolean {
    if (forcedDown || lastSeenAt === 0) return false;
    if (this.isLinked(id)) return true;
    const { clock, monotonic, hostTimeoutMs } = this.#options;
    const since = this.#silentSince(id);
    const lastLinkedAt = this.shared?.closedAt(id) ?? lastSeenAt;
    const silentMs =
      since === undefined ? Math.abs(clock.now() - lastLinkedAt) : monotonic.now() - since;
    return silentMs <= hostTimeoutMs;
  }

  /** Since when it has been linked nowhere, as far as this process has seen it. */
  #silentSince(id: string): number | undefined {
    const here = this.#closedAt.get(id);
    const elsewhere = this.shared?.silentSince(id);
    return here === undefined ? elsewhere : Math.max(here, elsewhere ?? here);
  }

  /**
   * For how long the host has had no link, in milliseconds; Infinity for a host without a link that
   * an operator forced down. A host from before this process started has the
   * full time to return.
   */
  silentMs({ id, forcedDown }: Pick<Seen, 'id' | 'forcedDown'>): number {
    if (this.isLinked(id)) return 0;
    if (forcedDown) return Infinity;
    return this.#options.monotonic.now() - (this.#silentSince(id) ?? this.#startedAt);
  }

  /**
   * The host has sent a message. Kept here, because hosts send one every few seconds: the store
   * gets it from `takeUnwritten` now and then.
   */
  noteSeen({ id, name }: Pick<Host, 'id' | 'name'>): void {
    this.#seenAt.set(id, this.#options.clock.now());
    // The next start does not need it of hosts that start with it.
    if (!this.isLocal(name)) this.#unwritten.add(id);
  }

  /** When the host last sent a message, in epoch milliseconds; 0: not since it was admitted. */
  lastSeenAt({ id, lastSeenAt }: Pick<Host, 'id' | 'lastSeenAt'>): number {
    if (lastSeenAt === 0) return 0;
    const { shared } = this;
    if (shared?.isLinkedElsewhere(id) === true) return shared.readAt;
    return Math.max(this.#seenAt.get(id) ?? lastSeenAt, shared?.closedAt(id) ?? 0);
  }

  /** The last contacts since the previous call, by host id. */
  takeUnwritten(): Map<string, number> {
    const times = new Map([...this.#unwritten].map((id) => [id, this.#seenAt.get(id) ?? 0]));
    this.#unwritten.clear();
    return times;
  }

  /** Stores the uptime that the host reported; undefined keeps the previous one. */
  noteUptime(hostId: string, uptime: Uptime | undefined): void {
    if (uptime !== undefined) this.#uptimes.set(hostId, uptime);
  }

  /** At most a heartbeat old while the host is linked; undefined: not reported. */
  uptimeOf(hostId: string): Uptime | undefined {
    return this.#uptimes.get(hostId);
  }

  /** What the device specs of a host do there; undefined: its agent is older. */
  noteOffer(hostId: string, offer: HostOffer | undefined): void {
    if (offer === undefined) this.#offers.delete(hostId);
    else this.#offers.set(hostId, offer);
  }

  /** Of its last report to this process; undefined: it has not reported to it. */
  offerOf(hostId: string): HostOffer | undefined {
    return this.#offers.get(hostId);
  }

  /**
   * The host gets commands by this function, which sends those recorded here without reading them.
   * Returns the function that ends it.
   */
  sendsBy(hostId: string, send: CommandSender): () => void {
    this.#senders.set(hostId, send);
    return () => {
      if (this.#senders.get(hostId) === send) this.#senders.delete(hostId);
    };
  }

  /** This process has recorded a command. False: no link here sends it. */
  issued(hostId: string, command: HostCommand | undefined): boolean {
    const send = this.#senders.get(hostId);
    if (send === undefined || command === undefined) return false;
    send(command);
    return true;
  }

  /**
   * Commands up to this number may have reached the host: sent here, or by the previous process.
   */
  markSent(hostId: string, seq: number): void {
    this.#sentUpTo.set(hostId, Math.max(seq, this.#sentUpTo.get(hostId) ?? 0));
  }

  sentUpTo(hostId: string): number {
    return this.#sentUpTo.get(hostId) ?? 0;
  }

  maySend(hostId: string, seq: number): boolean {
    return this.#withdrawn.get(hostId)?.has(seq) !== true;
  }

  /**
   * Revokes a command that was never sent to the host, so that it never will be. False when it may
   * have been sent.
   */
  withdraw(hostId: string, seq: number): boolean {
    // Then its end is recorded only while the host is linked nowhere.
    if (this.shared !== undefined) return !this.shared.mayHaveSent(hostId, seq);
    if (seq <= (this.#sentUpTo.get(hostId) ?? 0)) return false;
    this.#withdrawn.set(hostId, (this.#withdrawn.get(hostId) ?? new Set()).add(seq));
    return true;
  }

  /** The revoked command may be sent again: its end could not be recorded. */
  reinstate(hostId: string, seq: number): void {
    this.#withdrawn.get(hostId)?.delete(seq);
  }

  /** The host was removed, with its commands. */
  forget(hostId: string): void {
    for (const kept of [this.#closedAt, this.#sentUpTo, this.#withdrawn, this.#uptimes]) {
      kept.delete(hostId);
    }
    this.#offers.delete(hostId);
    this.#seenAt.delete(hostId);
    this.#unwritten.delete(hostId);
    this.consoles.forget(hostId);
    this.shared?.forget(hostId);
  }
}

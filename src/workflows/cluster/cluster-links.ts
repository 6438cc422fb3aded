/**
 * The links of hosts to all controllers of the database. Rows change only when a link opens or
 * closes; a host is linked while its controller is alive.
 */
import type { Clock } from '#contracts/clock.ts';
import type { Log } from '#contracts/log.ts';
import type {
  HostLinkStore,
  OpenedLink,
  StoredLink,
} from '#contracts/store/controllers/controller-store.ts';
import type { ChangeMark } from '#contracts/store/store.ts';
import { Batches } from '#runtime/batches.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { ClosedLink, SharedLinks } from '../hosts/shared-links.ts';
import type { Membership } from './membership.ts';

export interface ClusterLinksParts {
  hostLinks: HostLinkStore;
  membership: Pick<Membership, 'id' | 'isLive' | 'isFenced'>;
  clock: Clock;
  /** Milliseconds that never go back. */
  monotonic: Clock;
  log: Log;
  /** Other controllers read the change. */
  onWritten: () => void;
}

/** In one transaction. */
const linksAtOnce = 200;

export class ClusterLinks implements SharedLinks {
  readonly #parts: ClusterLinksParts;
  readonly #links = new Map<string, StoredLink>();
  /** Since when a host has been linked nowhere, on the monotonic clock. */
  readonly #silentSince = new Map<string, number>();
  readonly #reading = new SerialQueue();
  readonly #opening: Batches<OpenedLink, boolean>;
  readonly #closing: Batches<ClosedLink, undefined>;
  /** Ended links of this controller whose end could not be recorded. */
  readonly #unclosed = new Set<ClosedLink>();
  #mark: ChangeMark | undefined;
  #changes = 0;
  #readAt = 0;

  constructor(parts: ClusterLinksParts) {
    this.#parts = parts;
    const { hostLinks, clock, membership, onWritten } = parts;
    const limits = { atMost: linksAtOnce };
    this.#opening = new Batches(async (links) => {
      const opened = await hostLinks.open(links);
      onWritten();
      return links.map(({ hostId }) => opened.has(hostId));
    }, limits);
    this.#closing = new Batches(async (links) => {
      const controllerId = membership.id;
      await hostLinks.close(
        links.map((link) => ({ ...link, controllerId })),
        clock.now(),
      );
      onWritten();
      return links.map(() => undefined);
    }, limits);
  }

  /** Reads what other controllers have written. */
  refresh(): Promise<void> {
    return this.#reading.run(async () => {
      const { links, mark } = await this.#parts.hostLinks.changedSince(this.#mark);
      this.#mark = mark;
      this.#readAt = this.#parts.clock.now();
      for (const link of links) {
        const known = this.#links.get(link.hostId);
        this.#links.set(link.hostId, link);
        if (known?.link !== link.link || known.controllerId !== link.controllerId) {
          this.#changes += 1;
          this.#noteSilence(link);
        }
      }
      for (const link of this.#unclosed) await this.#closeAgain(link);
    });
  }

  /** The controllers that are alive have changed. */
  membersChanged(): void {
    this.#changes += 1;
    for (const link of this.#links.values()) this.#noteSilence(link);
  }

  get changes(): number {
    return this.#changes;
  }

  get readAt(): number {
    return this.#readAt;
  }

  isFenced(): boolean {
    return this.#parts.membership.isFenced();
  }

  isLinkedElsewhere(hostId: string): boolean {
    const { membership } = this.#parts;
    const controllerId = this.#links.get(hostId)?.controllerId ?? null;
    if (controllerId === null || controllerId === membership.id) return false;
    return membership.isLive(controllerId);
  }

  silentSince(hostId: string): number | undefined {
    return this.#silentSince.get(hostId);
  }

  closedAt(hostId: string): number | undefined {
    return this.#links.get(hostId)?.closedAt ?? undefined;
  }

  mayHaveSent(hostId: string, seq: number): boolean {
    const link = this.#links.get(hostId);
    return link === undefined || link.controllerId !== null || seq <= link.sentUpTo;
  }

  async open(hostId: string, link: number): Promise<boolean> {
    try {
      return await this.#opening.run({ hostId, link, controllerId: this.#parts.membership.id });
    } catch (error) {
      // It may be recorded all the same, and nobody else closes it. Nothing was sent on it.
      this.#unclosed.add({ hostId, link, sentUpTo: 0 });
      throw error;
    }
  }

  newest(hostId: string): Promise<number> {
    return this.#parts.hostLinks.newest(hostId);
  }

  close(link: ClosedLink): void {
    this.#closing.run(link).catch((error: unknown) => {
      this.#unclosed.add(link);
      const problem = 'a closed link cannot be recorded; will try again';
      this.#parts.log.error({ err: error, host: link.hostId }, problem);
    });
  }

  forget(hostId: string): void {
    this.#links.delete(hostId);
    this.#silentSince.delete(hostId);
  }

  /** Records the end of the link, unless a newer one is known. Throws when it cannot be. */
  async #closeAgain(link: ClosedLink): Promise<void> {
    const known = this.#links.get(link.hostId)?.link ?? link.link;
    if (known <= link.link) await this.#closing.run(link);
    this.#unclosed.delete(link);
  }

  #noteSilence({ hostId, controllerId }: StoredLink): void {
    const { membership, monotonic } = this.#parts;
    if (controllerId !== null && membership.isLive(controllerId)) this.#silentSince.delete(hostId);
    else if (!this.#silentSince.has(hostId)) this.#silentSince.set(hostId, monotonic.now());
  }
}

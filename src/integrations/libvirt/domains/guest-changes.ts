/** libvirt's events as changes of Novella's guests; other domains are ignored. */
import type { FoundGuest, HypervisorChange } from '#contracts/host/hypervisor.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { DomainEvent } from '../child/child-messages.ts';
import type { ChildEvent, LibvirtChild } from '../connection/child-process.ts';
import type { Domains } from './domains.ts';
import { lifecycleDetail, lifecycleEvent } from '../xml/libvirt-numbers.ts';

type State = FoundGuest['state'] | 'gone';

export class GuestChanges {
  readonly #domains: Domains;
  readonly #listeners = new Set<(change: HypervisorChange) => void>();
  /** Ids, and whether each is Novella's. */
  readonly #isOurs = new Map<string, boolean>();
  /** Changes are reported in the order in which they happened. */
  readonly #queue = new SerialQueue();

  constructor(child: LibvirtChild, domains: Domains) {
    this.#domains = domains;
    child.watch((event) => this.#hear(event));
  }

  watch(listener: (change: HypervisorChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Records that this domain is Novella's. */
  remember(guestId: string): void {
    this.#isOurs.set(guestId, true);
  }

  clear(): void {
    this.#listeners.clear();
  }

  #hear(event: ChildEvent): void {
    if (event.what === 'node-device') return;
    if (event.what !== 'event') {
      this.#inOrder(async () => this.#notify({ what: event.what }));
      return;
    }
    const state = stateAfter(event.event);
    if (state === undefined) return;
    const guestId = event.event.id;
    this.#inOrder(async () => {
      if (!(await this.#isKnownAsOurs(guestId))) return;
      if (state === 'gone') this.#isOurs.delete(guestId);
      this.#notify({ what: 'guest', guestId, state });
    });
  }

  #inOrder(notify: () => Promise<void>): void {
    // A listener's error, or a libvirt that is away, must not block later changes.
    this.#queue.run(notify).catch(() => undefined);
  }

  async #isKnownAsOurs(guestId: string): Promise<boolean> {
    const known = this.#isOurs.get(guestId);
    if (known !== undefined) return known;
    const found = await this.#domains.find(guestId);
    if (found === undefined) return false;
    const isOurs = found.metadata !== undefined;
    this.#isOurs.set(guestId, isOurs);
    return isOurs;
  }

  #notify(change: HypervisorChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** undefined: no change that the contract covers. */
function stateAfter(event: DomainEvent): State | undefined {
  if (event.what !== 'lifecycle') return undefined;
  switch (event.event) {
    case lifecycleEvent.defined:
      return event.detail === lifecycleDetail.definedAdded ? 'shutOff' : undefined;
    case lifecycleEvent.undefined:
      return 'gone';
    case lifecycleEvent.started:
    case lifecycleEvent.resumed:
      return 'running';
    case lifecycleEvent.suspended:
      return 'paused';
    case lifecycleEvent.stopped:
      return event.detail === lifecycleDetail.stoppedSaved ? 'saved' : 'shutOff';
    case lifecycleEvent.crashed:
      return 'crashed';
    default:
      return undefined;
  }
}

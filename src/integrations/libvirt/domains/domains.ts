/** The host's domains: finds them, and waits for a change of one. */
import { ComputeError } from '#core/errors.ts';
import type { DomainEvent } from '../child/child-messages.ts';
import type { LibvirtChild } from '../connection/child-process.ts';
import { type DomainView, viewOf } from './domain-view.ts';

/** Events arrive at once; polling covers those missed while libvirt was away. Milliseconds. */
const pollMs = 1_000;

export class Domains {
  readonly #child: LibvirtChild;

  constructor(child: LibvirtChild) {
    this.#child = child;
  }

  /** Every domain of the host, regardless of who defined it. */
  async list(): Promise<DomainView[]> {
    return (await this.#child.call('listDomains', [], 'list guests')).map(viewOf);
  }

  /** undefined when there is none. */
  async find(id: string): Promise<DomainView | undefined> {
    const row = await this.#child.call('findDomain', [id], `find guest ${id}`);
    return row === null ? undefined : viewOf(row);
  }

  /** Throws `notFound`. */
  async known(id: string): Promise<DomainView> {
    const found = await this.find(id);
    if (found !== undefined) return found;
    throw new ComputeError('notFound', `guest ${id}: not defined on this host`);
  }

  /**
   * Waits until `isDone` is true, checked at once, at each event of the domain, and periodically.
   * False after `limitMs`. Throws `unavailable` when libvirt goes away.
   */
  async waitUntil(
    id: string,
    isDone: (events: readonly DomainEvent[]) => Promise<boolean>,
    limitMs: number,
  ): Promise<boolean> {
    const events: DomainEvent[] = [];
    let wake = (): void => undefined;
    const stop = this.#child.watch((event) => {
      if (event.what !== 'event' || event.event.id !== id) return;
      events.push(event.event);
      wake();
    });
    try {
      const end = performance.now() + limitMs;
      for (;;) {
        const seen = events.length;
        if (await isDone(events)) return true;
        const left = end - performance.now();
        if (left <= 0) return false;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(left, pollMs));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          // An event during the check must not be missed.
          if (events.length > seen) wake();
        });
      }
    } finally {
      stop();
    }
  }
}

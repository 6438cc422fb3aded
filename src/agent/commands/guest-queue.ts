/** Operations on guests: of one guest one after the other, of different guests concurrently. */
import { KeyedQueue } from '#runtime/serial-queue.ts';

export class GuestQueue {
  readonly #queue = new KeyedQueue();
  readonly #observers = new Set<Set<string>>();

  /** Runs the operation when all earlier ones of this guest have ended. It must not throw. */
  take(guestId: string, act: () => Promise<void>): void {
    for (const seen of this.#observers) seen.add(guestId);
    void this.#queue.run(guestId, act);
  }

  /**
   * From now on until the returned function is called: the ids of the guests with operations in
   * between.
   */
  observe(): () => string[] {
    const seen = new Set(this.#queue.busyKeys());
    this.#observers.add(seen);
    return () => {
      this.#observers.delete(seen);
      return [...seen];
    };
  }

  /** Settles when every given operation has ended. */
  ended(): Promise<void> {
    return this.#queue.drained();
  }
}

/** Messages received at one end of a link, delivered in order, one at a time. */

/**
 * Keeps messages until a listener is set and has handled the previous one. `onLoad` is called when
 * messages begin to queue (`true`) and when the queue is empty again (`false`), so that the reader
 * of the socket can pause.
 */
export class Inbox<In> {
  readonly #waiting: In[] = [];
  readonly #onLoad: (isLoaded: boolean) => void;
  #listener: ((message: In) => void | Promise<void>) | undefined;
  #isBusy = false;

  constructor(onLoad: (isLoaded: boolean) => void = () => {}) {
    this.#onLoad = onLoad;
  }

  put(message: In): void {
    this.#waiting.push(message);
    if (this.#waiting.length === 1) this.#onLoad(true);
    void this.#handOn();
  }

  listen(listener: (message: In) => void | Promise<void>): void {
    this.#listener = listener;
    void this.#handOn();
  }

  async #handOn(): Promise<void> {
    if (this.#isBusy || this.#listener === undefined || this.#waiting.length === 0) return;
    this.#isBusy = true;
    try {
      for (;;) {
        // Lets the sender continue first.
        await new Promise((resolve) => setImmediate(resolve));
        const message = this.#waiting.shift();
        if (message === undefined) return;
        await this.#listener(message);
        if (this.#waiting.length === 0) this.#onLoad(false);
      }
    } finally {
      this.#isBusy = false;
    }
  }
}

/** The controllers that an agent may connect to: one at a time, then the next. */

export class ControllerAddresses {
  readonly #urls: readonly string[];
  #at: number;

  /** Begins anywhere in the list, so that hosts are spread over the controllers. At least one. */
  constructor(urls: readonly string[], random: () => number = Math.random) {
    this.#urls = urls;
    this.#at = Math.floor(random() * urls.length);
  }

  get count(): number {
    return this.#urls.length;
  }

  /** Without a path. Example: `https://192.0.2.10:8785`. */
  get current(): string {
    return this.#urls[this.#at] ?? '';
  }

  /** The current one has ended the link, or does not answer. */
  next(): void {
    this.#at = (this.#at + 1) % this.#urls.length;
  }
}

/** The end of a link: fires once; a listener added later is called at once. */
export class CloseSignal {
  readonly #listeners: (() => void)[] = [];
  #isDone = false;

  get isDone(): boolean {
    return this.#isDone;
  }

  notify(listener: () => void): void {
    if (this.#isDone) listener();
    else this.#listeners.push(listener);
  }

  done(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

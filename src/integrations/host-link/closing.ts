/** The end of a link: it comes once, and whoever asks later is notified too. */
export class Closing {
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

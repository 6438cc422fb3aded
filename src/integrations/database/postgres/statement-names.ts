/** Which statements the server keeps prepared: those that run more than once. */

/** Each connection keeps as many at most. */
const mostNamed = 500;
const mostSeen = 2_000;

export class StatementNames {
  /** Statements that ran once. */
  readonly #seen = new Set<string>();
  readonly #names = new Map<string, string>();
  #made = 0;

  /** The name of a statement from its second run on; undefined: it is not kept. */
  of(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined) return known;
    if (!this.#seen.has(sql)) {
      if (this.#seen.size >= mostSeen) this.#seen.clear();
      this.#seen.add(sql);
      return undefined;
    }
    if (this.#names.size >= mostNamed) return undefined;
    this.#made += 1;
    const name = `s${this.#made}`;
    this.#names.set(sql, name);
    return name;
  }

  /** The tables changed: every statement is prepared again, under another name. */
  forget(): void {
    this.#names.clear();
  }
}

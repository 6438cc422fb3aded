/**
 * The text of a serial line as a page shows it: carriage return, backspace and "erase line" act,
 * other control sequences are left out. Source: ECMA-48.
 */

const mostLines = 2_000;
/** A longer line is broken. */
const mostColumns = 2_000;
/** Of all lines together: the browser lays all of them out with each change. */
const mostText = 200_000;

/** A sequence of a terminal, and the beginning of one. A longer beginning is shown as text. */
const sequence =
  // oxlint-disable-next-line no-control-regex -- these are the characters it is about
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[()#][ -~]|[0-Z\\^-~])/y;
// oxlint-disable-next-line no-control-regex -- as above
const begun = /^\u001b(?:\[[0-?]{0,200}[ -/]{0,20}|\][^\u0007\u001b]{0,200}|[()#])?$/;

/** Its size and the time for each character are bounded, whatever the guest sends. */
export class SerialText {
  /** All but the last. */
  #lines: string[] = [];
  /** Characters in these lines. */
  #size = 0;
  #last: string[] = [];
  #column = 0;
  #rest = '';

  get text(): string {
    return [...this.#lines, this.#last.join('')].join('\n');
  }

  add(chunk: string): void {
    const given = this.#rest + chunk;
    this.#rest = '';
    for (let at = 0; at < given.length; ) {
      if (given[at] !== '\u001b') {
        this.#put(given[at] ?? '');
        at += 1;
        continue;
      }
      sequence.lastIndex = at;
      const [found] = sequence.exec(given) ?? [];
      if (found === undefined && begun.test(given.slice(at))) {
        this.#rest = given.slice(at);
        return;
      }
      this.#apply(found ?? '');
      at += found?.length ?? 1;
    }
  }

  #put(character: string): void {
    if (character === '\n') this.#endLine();
    else if (character === '\r') this.#column = 0;
    else if (character === '\b') this.#column = Math.max(0, this.#column - 1);
    else if (character >= ' ' || character === '\t') {
      if (this.#column === mostColumns) this.#endLine();
      this.#last[this.#column] = character;
      this.#column += 1;
    }
  }

  #endLine(): void {
    const line = this.#last.join('');
    this.#lines.push(line);
    this.#size += line.length;
    this.#last = [];
    this.#column = 0;
    while (this.#lines.length >= mostLines || this.#size > mostText) {
      this.#size -= this.#lines.shift()?.length ?? 0;
    }
  }

  #apply(found: string): void {
    if (found === '\u001b[K' || found === '\u001b[0K' || found === '\u001b[J') {
      this.#last.length = Math.min(this.#last.length, this.#column);
    }
    if (found === '\u001b[2J') {
      this.#lines = [];
      this.#size = 0;
      this.#last = [];
      this.#column = 0;
    }
  }
}

const special: Record<string, string> = {
  Enter: '\r',
  Backspace: '\u007f',
  Escape: '\u001b',
  ArrowUp: '\u001b[A',
  ArrowDown: '\u001b[B',
  ArrowRight: '\u001b[C',
  ArrowLeft: '\u001b[D',
  Home: '\u001b[H',
  End: '\u001b[F',
  Delete: '\u001b[3~',
};

/** What a key sends; undefined: the browser does with it what it always does. */
export function bytesOfKey({ key, ctrlKey, altKey, metaKey }: KeyboardEvent): string | undefined {
  if (altKey || metaKey) return undefined;
  if (!ctrlKey) return special[key];
  // Copy and paste stay with the browser where text is selected.
  if (!/^[a-z]$/i.test(key) || key.toLowerCase() === 'v') return undefined;
  return String.fromCharCode(key.toLowerCase().charCodeAt(0) - 96);
}

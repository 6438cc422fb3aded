/**
 * Where a command's answer is written: as text for people or JSON for programs. Independent of the
 * content.
 */

/**
 * The output stream. `isTerminal`: a person reads it right now. `hasStyle`: colours and bold
 * headings are allowed.
 */
export interface Screen {
  write(text: string): void;
  isTerminal: boolean;
  hasStyle?: boolean;
}

/** Writes lines, each with its line end. Example: `writeLines(screen, ['a', 'b'])` → `a\nb\n`. */
export function writeLines(screen: Screen, lines: readonly string[]): void {
  screen.write(lines.map((line) => `${line}\n`).join(''));
}

/** Writes one JSON document, indented, for `--json`. */
export function writeJson(screen: Screen, document: unknown): void {
  screen.write(`${JSON.stringify(document, null, 2)}\n`);
}

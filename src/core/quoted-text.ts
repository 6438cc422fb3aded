/**
 * Foreign text inside our messages: truncated, and without anything that would control or confuse a
 * terminal.
 */

const longestQuote = 60;

/**
 * Control, format, unassigned and private characters, half pairs, line separators, and what
 * undecodable bytes become.
 */
const unprintable = /[\p{C}\p{Zl}\p{Zp}\uFFFD]/u;

const shortEscapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** All of the text, unprintable characters escaped. Example: ESC and `[2J` → `\u001b[2J`. */
export function printable(text: string): string {
  return Array.from(text, escaped).join('');
}

/**
 * The beginning of the text, printable: about 60 characters, and `…` where more follows. Escapes
 * are not split.
 */
export function excerpt(text: string): string {
  let shown = '';
  for (const character of text) {
    const next = shown + escaped(character);
    if (next.length > longestQuote) return `${shown}…`;
    shown = next;
  }
  return shown;
}

/** The excerpt between quotes. Example: `many` → `"many"`. */
export function quoted(text: string): string {
  return `"${excerpt(text)}"`;
}

/** The excerpt of a value's JSON. Example: `{ bus: 10 }` → `{"bus":10}`. */
export function excerptOfJson(value: unknown): string {
  return excerpt(JSON.stringify(value) ?? String(value));
}

function escaped(character: string): string {
  if (!unprintable.test(character)) return character;
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  const hex = units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  return shortEscapes[character] ?? hex;
}

/** The size of a JSON text, before it is parsed: a scan costs far less than the values. */

/** What a text may have at most. */
export interface JsonBounds {
  levels: number;
  values: number;
}

/**
 * What exceeds its bound, if anything. Values that follow another one are counted, and containers.
 * Example: `excessOf('[[[1]]]', { levels: 2, values: 9 })` → `is nested deeper than 2 levels`.
 */
export function excessOf(text: string, { levels, values }: JsonBounds): string | undefined {
  let depth = 0;
  let [following, containers] = [1, 0];
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at);
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        containers += 1;
        if (depth > levels) return `is nested deeper than ${levels} levels`;
        if (containers > values) return tooMany(values);
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        break;
      case comma:
        following += 1;
        if (following > values) return tooMany(values);
        break;
    }
  }
  return undefined;
}

function tooMany(values: number): string {
  return `has more than ${values} values`;
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Where the string that begins here ends: at its closing quote, or at the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at += 1;
  }
  return text.length;
}

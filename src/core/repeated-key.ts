/**
 * A key that one JSON object has twice: `JSON.parse`, like Python's reader, silently keeps the
 * last.
 */

/** Strings, brackets and separators. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * The first key that an object of this JSON text has twice, or undefined. The text must be JSON.
 * Example: `{"devname": "a", "tags": {"x": 1}, "devname": "b"}` → `devname`.
 */
export function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | null)[] = [];
  let last = '';
  for (const [token] of text.matchAll(tokens)) {
    const keys = open.at(-1);
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && keys !== undefined && keys !== null) {
      const key = JSON.parse(last) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
    last = token;
  }
  return undefined;
}

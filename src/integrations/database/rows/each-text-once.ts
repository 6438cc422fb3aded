/** Documents that many rows repeat, such as their flavor. */

/**
 * Reads JSON texts, equal ones once: their readers share one object, which none may change. Throws
 * what `JSON.parse` throws. Example: `const read = eachTextOnce(); rows.map(({ tags }) =>
 * read(tags))`.
 */
export function eachTextOnce(): (text: string) => unknown {
  const known = new Map<string, unknown>();
  return (text) => {
    const document = known.get(text);
    if (document !== undefined) return document;
    const read: unknown = JSON.parse(text);
    known.set(text, read);
    return read;
  };
}

/** The values of a query, whose keys may be repeated. */

/** A list where a key was repeated. */
export type Query = Record<string, string | string[]>;

/** The last value of a key; undefined where the key is not there. Example: `?a=1&a=2` → `2`. */
export function queryValue(query: Query, key: string): string | undefined {
  const value = query[key];
  return Array.isArray(value) ? value.at(-1) : value;
}

/** All values of a key. Example: `?a=1&a=2` → `['1', '2']`; none where the key is not there. */
export function queryValues(query: Query, key: string): string[] {
  return asList(query[key]);
}

/** One value, or a list of them, or none, as a list. */
export function asList(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The values of a key of a query, which may be repeated. */

/** Example: `?a=1&a=2` → `['1', '2']`; none where the key is not there. */
export function asList(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

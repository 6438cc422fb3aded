/** Order of texts by code unit: the same on every machine, unlike `localeCompare`. */

/** Example: `['host-2', 'host-1'].toSorted(compareText)` → host-1 first. */
export function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

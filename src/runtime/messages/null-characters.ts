/** The character U+0000, which PostgreSQL cannot store and libvirt takes for the end of a text. */

/**
 * The value without it in any text or key, however deep; the same value where there is none.
 * Example: `withoutNullCharacters({ a: 'x\u0000y' })` → `{ a: 'xy' }`.
 */
export function withoutNullCharacters<Value>(value: Value): Value {
  return isAnywhere(value) ? (cleaned(value) as Value) : value;
}

/** Most values have none: the search copies nothing. */
function isAnywhere(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(isAnywhere);
  for (const key in value) {
    if (key.includes('\0') || isAnywhere((value as Record<string, unknown>)[key])) return true;
  }
  return false;
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cleaned);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [cleaned(key), cleaned(each)]),
  );
}

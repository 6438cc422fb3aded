/**
 * One text per plain value, regardless of the order of its keys: for map keys and for "did anything
 * change".
 */
import { compareText } from './compare-text.ts';

/**
 * Example: `{ b: 1, a: null }` and `{ a: null, b: 1 }` → `{"a":null,"b":1}`. Keys with undefined
 * are left out.
 */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const parts = entries
    .toSorted(([one], [other]) => compareText(one, other))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalText(inner)}`);
  return `{${parts.join(',')}}`;
}

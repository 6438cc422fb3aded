/**
 * Long lists of names, written as text. Example: `splitNames('limit sort')` → `['limit', 'sort']`.
 */
export function splitNames(text: string): string[] {
  return text.trim().split(/\s+/);
}

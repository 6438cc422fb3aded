/**
 * Long lists of names, written as text. Example: `splitNames('limit marker')` → `['limit', 'marker']`.
 */
export function splitNames(text: string): string[] {
  return text.trim().split(/\s+/);
}

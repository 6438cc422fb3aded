/**
 * Long lists of names, written as text. Example: `words('limit marker')` → `['limit', 'marker']`.
 */
export function splitNames(text: string): string[] {
  return text.trim().split(/\s+/);
}

/**
 * Long lists of names, written as text. Example: `words('limit marker')` → `['limit', 'marker']`.
 */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

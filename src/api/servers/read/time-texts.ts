/**
 * A time as filters match it: a pattern may be written as the views show times, or as Nova's
 * database does.
 */
import { atMicrosecond, atSecond } from '../../requests/links.ts';

/**
 * Example: 0 → `1970-01-01T00:00:00Z`, `1970-01-01T00:00:00.000000`, `1970-01-01 00:00:00`; null →
 * none.
 */
export function timesOf(ms: number | null): string[] {
  if (ms === null) return [];
  const second = atSecond(ms);
  return [second, atMicrosecond(ms) ?? '', second.replace('T', ' ').replace('Z', '')];
}

/** A time as messages for operators have it. */

/**
 * `ms`: epoch milliseconds; NaN for what is no time, as in a hostile certificate. Example:
 * `2026-11-30T11:20:00Z`.
 */
export function moment(ms: number): string {
  if (Number.isNaN(ms)) return 'an unknown time';
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

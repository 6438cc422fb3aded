/** A time as messages for operators have it. */

/** `ms`: epoch milliseconds. Example: `2026-11-30T11:20:00Z`. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

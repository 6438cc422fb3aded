/** The end of a console log. */

/**
 * The last `lines` lines; null: all. Lines are what is between line ends, so a log that ends with
 * one has an empty last line. Example: `('a\nb\n', 2)` → `b\n`. Source: Nova `_tail_log`.
 */
export function tailLines(log: string, lines: number | null): string {
  if (lines === null) return log;
  return lines === 0 ? '' : log.split('\n').slice(-lines).join('\n');
}

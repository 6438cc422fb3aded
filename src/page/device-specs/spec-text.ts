/** The text of the editor as entries of a device list. Pure. */

/** As the API takes it: an object, or the text of one, which it reads and may refuse. */
export type Entry = object | string;

/**
 * A list or an object in JSON; or one entry a line, as lines of nova.conf have it too. Comments,
 * names of sections and empty lines are left out. Example: `device_spec = {"vendor_id": "8086"}` →
 * `['{"vendor_id": "8086"}']`.
 */
export function entriesIn(text: string): Entry[] {
  const whole = readJson(text);
  if (Array.isArray(whole)) return whole.map((entry: unknown) => asEntry(entry));
  if (whole !== undefined) return [asEntry(whole)];
  return text
    .split('\n')
    .map((line) => line.trim().replace(/^(?:device_spec|passthrough_whitelist)\s*=\s*/, ''))
    .filter((line) => line !== '' && !/^(?:[#;]|\[[\w ]+\]$)/.test(line));
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asEntry(value: unknown): Entry {
  return typeof value === 'object' && value !== null ? value : JSON.stringify(value);
}

/** One entry a line. */
export function printEntries(entries: readonly object[]): string {
  return entries.map((entry) => JSON.stringify(entry)).join('\n');
}

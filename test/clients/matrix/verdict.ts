/** Whether a command did what the table states. */
import { maxVersion } from '#api/requests/negotiate.ts';
import type { Outcome } from '../shell.ts';
import type { Row } from './row.ts';

/** What is wrong; undefined: nothing. `version` undefined: the client chose. */
export function problemOf(
  row: Row,
  { code, printed }: Outcome,
  version: string | undefined,
): string | undefined {
  const message = refusalIn(row, version);
  if (message !== undefined) {
    if (code === 0) return `it worked; expected: refused with ${message}`;
    return message.test(printed) ? undefined : `refused otherwise than with ${message}`;
  }
  // Some commands end with 0 although the client printed that it failed.
  if (code !== 0 || /\bfailed\b/i.test(printed)) return `it failed with ${code}`;
  return row.prints?.test(printed) === false ? `it did not print ${row.prints}` : undefined;
}

/** The message with which the command fails at this version; undefined: it works. */
export function refusalIn(row: Row, version: string | undefined): RegExp | undefined {
  if (version === undefined && row.unset !== undefined) return row.unset;
  const minor = version === undefined ? maxVersion : Number(version.slice(2));
  const { from = 1, to = maxVersion, refusal = new RegExp(`2\\.${from}\\b`) } = row;
  return minor < from || minor > to ? refusal : row.fails?.message;
}

/** Files of a simulated host, one JSON file per guest. */
import { readFileSync } from 'node:fs';
import { ComputeError, errorText } from '#core/errors.ts';

/**
 * Throws `unavailable`, naming the file and the remedy, for one that is truncated or not accepted
 * by `isWhole`.
 */
export function readKept<T>(path: string, isWhole: (kept: Partial<T>) => boolean): T {
  let problem = 'it holds something else';
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Partial<T> | null;
    if (kept !== null && isWhole(kept)) return kept as T;
  } catch (cause) {
    problem = errorText(cause);
  }
  throw new ComputeError(
    'unavailable',
    `guest file ${path} cannot be read: ${problem}; restore a backup (novella restore), or remove the file: then the guest is gone, and its server can be deleted or rebooted hard`,
  );
}

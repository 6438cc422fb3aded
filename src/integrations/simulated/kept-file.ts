/** Files of a simulated host, one JSON file per guest. */
import { readFileSync } from 'node:fs';
import { ComputeError, errorText } from '#core/errors.ts';

/**
 * Undefined for an empty file: a power cut came before its first text was on disk, so that guest
 * does not exist. Throws `unavailable`, naming the file and the remedy, for one that is truncated or
 * not accepted by `isWhole`.
 */
export function readKept<T>(path: string, isWhole: (kept: Partial<T>) => boolean): T | undefined {
  let problem = 'it holds something else';
  try {
    const text = readFileSync(path, 'utf8');
    if (text === '') return undefined;
    const kept = JSON.parse(text) as Partial<T> | null;
    if (kept !== null && isWhole(kept)) return kept as T;
  } catch (cause) {
    problem = errorText(cause);
  }
  throw new ComputeError(
    'unavailable',
    `guest file ${path} cannot be read: ${problem}; restore a backup (novella restore), or remove the file: then the guest is gone, and its server can be deleted or rebooted hard`,
  );
}

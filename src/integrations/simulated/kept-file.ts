/** Files of a simulated host, one JSON file per guest. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ComputeError, errorText } from '#core/errors.ts';

/**
 * Undefined for an empty file: a power cut came before its first text was on disk, so that guest
 * does not exist. Throws `unavailable`, naming the file and the remedy, for one that is truncated
 * or not accepted by `isWhole`.
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

/** The files of guests in this folder; none where it does not exist. */
export function keptNames(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
}

/** The folders with the files of a simulated host's guests. */
export const keptFolders = ['guests', 'files'] as const;

/**
 * Makes the folder of a host, and the host's others, when it does not exist: of a large fleet only
 * hosts that have had a guest have folders.
 */
export function makeKeptFolder(folder: string): void {
  if (existsSync(folder)) return;
  const ofHost = dirname(folder);
  for (const path of [folder, ...keptFolders.map((name) => join(ofHost, name))]) {
    mkdirSync(path, { recursive: true });
  }
}

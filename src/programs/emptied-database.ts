/** A database file without content beside what its cloud left is damage, not a new cloud. */
import { existsSync, statSync } from 'node:fs';
import { ComputeError } from '#core/errors.ts';
import type { StateDirectory } from './state-directory.ts';

/**
 * Throws `unavailable` when the database file is empty though hosts were here: starting on it would make a new cloud and leave the guests of the old
 * one behind. A file that is not there is a new cloud.
 */
export function refuseEmptiedDatabase(state: Pick<StateDirectory, 'file'>): void {
  const path = state.file('novella.sqlite');
  const isEmpty = statSync(path, { throwIfNoEntry: false })?.size === 0;
  if (!isEmpty || !existsSync(state.file('hosts'))) return;
  throw new ComputeError(
    'unavailable',
    `database ${path} is empty, but ${state.file('hosts')} is there: the database was lost. Restore a backup of it, or remove both for a new cloud`,
  );
}

/** A database file without content beside what its cloud left is damage, not a new cloud. */
import { existsSync, statSync } from 'node:fs';
import { ComputeError } from '#core/errors.ts';
import type { StateDirectory } from './state-directory.ts';

/** What a cloud has once its database was written. */
const laterFiles = ['hosts', 'images', 'admin-password', 'clouds.yaml'];

/**
 * Throws `unavailable` when the database file is empty though a cloud was here: starting on it
 * would make a new cloud and leave the guests of the old one behind. A file that is not there is a
 * new cloud.
 */
export function refuseEmptiedDatabase(state: Pick<StateDirectory, 'file'>): void {
  const path = state.file('novella.sqlite');
  const isEmpty = statSync(path, { throwIfNoEntry: false })?.size === 0;
  const left = laterFiles.map((name) => state.file(name)).find((each) => existsSync(each));
  if (!isEmpty || left === undefined) return;
  throw new ComputeError(
    'unavailable',
    `database ${path} is empty, but ${left} is there: the database was lost. Restore a backup of it (novella restore), or empty the folder for a new cloud`,
  );
}

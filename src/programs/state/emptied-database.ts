/** An empty database file beside other files of its cloud is damage, not a new cloud. */
import { existsSync, statSync } from 'node:fs';
import { ComputeError } from '#core/errors.ts';
import type { StateDirectory } from './state-directory.ts';

/** The files of a cloud whose database was written once. */
const laterFiles = ['hosts', 'images', 'admin-password', 'clouds.yaml'];

/**
 * Throws `unavailable` when the database file is empty though a cloud was here: starting on it
 * would create a new cloud and orphan the guests of the old one. A missing file is a new cloud.
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

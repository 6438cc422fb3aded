/** A state directory whose restore is not complete is not a cloud yet. */
import { existsSync } from 'node:fs';
import { ComputeError } from '#core/errors.ts';
import type { StateDirectory } from './state-directory.ts';

/** Holds the files being restored, until all are in place. */
export const restoringFolder = 'restoring';

/**
 * Throws `unavailable` where a restore was interrupted: the content is neither the old cloud nor
 * the new one.
 */
export function refuseHalfRestored(state: Pick<StateDirectory, 'path' | 'file'>): void {
  if (!existsSync(state.file(restoringFolder))) return;
  throw new ComputeError(
    'unavailable',
    `state directory ${state.path}: a restore into it was cut off; run it again: novella restore BACKUP --state-dir ${state.path} --replace`,
  );
}

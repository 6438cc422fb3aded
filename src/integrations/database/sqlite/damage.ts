/** Checks a database for damage before use. */
import { type Kysely, sql } from 'kysely';
import { isComputeError } from '#core/errors.ts';
import { damagedFile } from './open-file.ts';

/**
 * Reads every page, which takes about 1.5 s per GiB. Throws `unavailable`, naming the file and the
 * remedy, for a torn, truncated or overwritten one: a cloud would run on it until it reached the
 * damage.
 */
export async function refuseDamaged<Tables>(db: Kysely<Tables>, path: string): Promise<void> {
  const { rows } = await sql<{ quick_check: string }>`PRAGMA quick_check(1)`
    .execute(db)
    .catch((error: unknown) => {
      if (!isComputeError(error, 'unavailable')) throw error;
      throw damagedFile(path, error.detail ?? error.message, error);
    });
  const [first] = rows;
  if (first === undefined || first.quick_check === 'ok') return;
  throw damagedFile(path, first.quick_check.replaceAll('\n', '; '));
}

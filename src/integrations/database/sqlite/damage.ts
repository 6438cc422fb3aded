/** Whether a database that is to be worked with is whole. */
import { type Kysely, sql } from 'kysely';
import { isComputeError } from '#core/errors.ts';
import { damagedFile } from './open-file.ts';

/**
 * Reads every page, which takes about a second and a half for each GiB. Throws `unavailable`,
 * naming file and way out, for a torn, cut or overwritten one: on such a database a cloud would run
 * until it met the place.
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

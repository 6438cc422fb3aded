/** Whether the database accepts writes now. */
import { sql, type Kysely } from 'kysely';

/**
 * Acquires the write lock and changes nothing. False for a database that is read-only, closed or on
 * a broken disk.
 */
export async function isWritable<Tables>(db: Kysely<Tables>): Promise<boolean> {
  try {
    await sql`DELETE FROM tasks WHERE 0`.execute(db);
    return true;
  } catch {
    return false;
  }
}

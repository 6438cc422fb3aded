/** Whether the database accepts writes now. */
import { sql, type Kysely } from 'kysely';

/**
 * Deletes nothing; on SQLite it acquires the write lock. False for a database that is read-only,
 * closed, out of reach or on a broken disk.
 */
export async function isWritable<Tables>(db: Kysely<Tables>): Promise<boolean> {
  try {
    await sql`delete from tasks where 1 = 0`.execute(db);
    return true;
  } catch {
    return false;
  }
}

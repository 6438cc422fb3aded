/** What the database holds on the disk beside its content. */
import { type Kysely, sql } from 'kysely';

/** Writes what is only in the WAL into the file, and cuts the WAL to nothing: up to some MiB of room. Fails while there is none at all. */
export async function shrinkWal<Tables>(db: Kysely<Tables>): Promise<void> {
  await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
}

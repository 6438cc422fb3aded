/** Keeps the write-ahead log small where room is scarce. */
import { type Kysely, sql } from 'kysely';

/**
 * Checkpoints the write-ahead log and truncates it: it holds no older state of a row any more, and
 * some MiB of disk become free. Fails on a full disk.
 */
export async function dropLog<Tables>(db: Kysely<Tables>): Promise<void> {
  await sql`pragma wal_checkpoint(truncate)`.execute(db);
}

/** For a disk on which the usual 4 MiB of write-ahead log are much: checkpoints after 64 pages. */
export async function keepLogShort<Tables>(db: Kysely<Tables>): Promise<void> {
  await sql`pragma wal_autocheckpoint = 64`.execute(db);
}

/** Detects violated uniqueness constraints, on both engines. */
import { ComputeError } from '#core/errors.ts';

const sqliteConstraintPrimaryKey = 1555;
const sqliteConstraintUnique = 2067;
const postgresUniqueViolation = '23505';

/**
 * Whether a write failed because a unique index or primary key already has this value. Source:
 * SQLite result codes; PostgreSQL SQLSTATE.
 */
export function isUniqueViolation(error: unknown): boolean {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  return (
    errcode === sqliteConstraintUnique ||
    errcode === sqliteConstraintPrimaryKey ||
    code === postgresUniqueViolation
  );
}

/** Runs a write; a violated uniqueness constraint becomes a `conflict` with this message. */
export async function refuseDuplicate<T>(message: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (isUniqueViolation(cause)) throw new ComputeError('conflict', message, { cause });
    throw cause;
  }
}

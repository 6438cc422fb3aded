/** Tells a broken uniqueness rule from all other database errors, on both engines. */
import { ComputeError } from '#core/errors.ts';

const sqliteConstraintPrimaryKey = 1555;
const sqliteConstraintUnique = 2067;
const postgresUniqueViolation = '23505';

/**
 * Did a write fail because a unique index or primary key has this value already? Source: SQLite
 * result codes; PostgreSQL SQLSTATE.
 */
export function isUniqueViolation(error: unknown): boolean {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  return (
    errcode === sqliteConstraintUnique ||
    errcode === sqliteConstraintPrimaryKey ||
    code === postgresUniqueViolation
  );
}

/** Runs a write; a broken uniqueness rule becomes a `conflict` with this message. */
export async function refuseDuplicate<T>(message: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (isUniqueViolation(cause)) throw new ComputeError('conflict', message, { cause });
    throw cause;
  }
}

/** Turns PostgreSQL's errors into readable ones. Codes: PostgreSQL, appendix A. */
import { ComputeError, errorText } from '#core/errors.ts';
import { withoutPassword } from './without-password.ts';

const outOfReach =
  'the database cannot be reached; it is tried again at the next request, without a restart';

const notStorable = '22021';

/** By code, or class of codes. */
const messages: Record<string, string> = {
  '08': outOfReach,
  '28': 'the database refused the user or the password',
  '3D': 'the database does not exist; create it, such as with createdb',
  '53100': 'the disk of the database server is full',
  '53200': 'the database server is out of memory',
  '53300': 'the database server has no free connection; raise its max_connections',
  '57014': 'the database did not execute a statement within its time',
  '57P': outOfReach,
  [notStorable]: 'a text has the character U+0000, which cannot be stored',
  '25006': 'the database is read-only: its server is a standby or is configured so',
  '25P03': 'the database ended a transaction that waited too long for its next statement',
  '42501': 'the user of the database has too few rights; make it the owner of the database',
  '58': 'the database server cannot read or write its files; see its log',
  XX001: 'the database is damaged; restore a backup',
  XX002: 'the database is damaged; restore a backup',
};

/**
 * The error to throw for one of `pg`: `unavailable` for a fault of the server or of the connection,
 * `invalid` for a text that PostgreSQL cannot store, and every other error unchanged, such as a
 * violated constraint. Also whether the connection has ended.
 */
export function databaseFailure(cause: unknown): { error: unknown; isConnectionLost: boolean } {
  const { code } = cause as { code?: unknown };
  const message = isFromServer(cause) ? messageOf(String(code)) : outOfReach;
  const isConnectionLost = message === outOfReach;
  if (message === undefined) return { error: cause, isConnectionLost };
  const kind = code === notStorable ? 'invalid' : 'unavailable';
  const error = new ComputeError(kind, message, { detail: errorText(cause), cause });
  return { error, isConnectionLost };
}

/**
 * The same for the opening of a database: names it, and why it cannot be reached. Example:
 * `database postgresql://db1/nova cannot be reached: connect ECONNREFUSED 10.0.0.5:5432`.
 */
export function openFailure(url: string, cause: unknown): unknown {
  const { error, isConnectionLost } =
    cause instanceof ComputeError
      ? { error: cause, isConnectionLost: cause.message === outOfReach }
      : databaseFailure(cause);
  if (!(error instanceof ComputeError)) return error;
  const place = `database ${withoutPassword(url)}`;
  const text = isConnectionLost
    ? `${place} cannot be reached: ${error.detail ?? 'no reason was given'}`
    : `${place}: ${error.message}`;
  return new ComputeError(error.kind, text, { cause: error });
}

/** Errors of sockets and of `pg` itself have no SQLSTATE. */
function isFromServer(error: unknown): boolean {
  const { severity, code } = error as { severity?: unknown; code?: unknown };
  return typeof severity === 'string' && typeof code === 'string';
}

function messageOf(code: string): string | undefined {
  return messages[code] ?? messages[code.slice(0, 3)] ?? messages[code.slice(0, 2)];
}

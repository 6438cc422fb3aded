/**
 * Resources that clients request incidentally and Novella does not have: an empty list, or not
 * found.
 */
import { ComputeError } from '#core/errors.ts';
import type { Call, Handler, Reply } from './requests/route.ts';
import { findServer } from './servers/read/find.ts';

/** Example: `noneOf('aggregates')` answers `{"aggregates": []}`. */
export function noneOf(key: string): Handler {
  return () => ({ body: { [key]: [] } });
}

/** The same below a server, which must exist. */
export function noneOfServer(key: string): Handler {
  return async (call: Call): Promise<Reply> => {
    await findServer(call);
    return { body: { [key]: [] } };
  };
}

/** Example: `alwaysNotFound('Aggregate')` throws "Aggregate 7 could not be found." */
export function alwaysNotFound(what: string): Handler {
  return (call: Call): Reply => {
    throw new ComputeError('notFound', `${what} ${call.params['id']} could not be found.`);
  };
}

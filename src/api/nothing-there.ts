/** Resources that clients request incidentally and Novella does not have: an empty list. */
import type { Call, Handler, Reply } from './requests/route.ts';
import { findServer } from './servers/read/find.ts';

/**
 * A list below a server, which must exist. Example: `noneOfServer('volumeAttachments')` answers
 * `{"volumeAttachments": []}`.
 */
export function noneOfServer(key: string): Handler {
  return async (call: Call): Promise<Reply> => {
    await findServer(call);
    return { body: { [key]: [] } };
  };
}

/** The error body of OpenStack's token layer. */
import type { ComputeError } from '#core/errors.ts';
import type { ErrorReply } from '#http/service.ts';
import { statusOf, titleOfStatus } from '#http/status.ts';

/**
 * `{"error": {"code", "title", "message"}}`: Keystone's body, and that of a refused token
 * everywhere.
 */
export function titledError(error: ComputeError): ErrorReply {
  const [status, title] = [statusOf(error.kind), titleOfStatus(error.kind)];
  return {
    status,
    body: { error: { code: status, title, message: error.message } },
    ...(status === 401 && { headers: { 'www-authenticate': 'Keystone' } }),
  };
}

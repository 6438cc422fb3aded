/**
 * The one table from error kinds to HTTP statuses and OpenStack's fault bodies. docs/errors.md is
 * compared with it.
 */
import type { FaultName, FaultReply } from '#client/shapes/faults.ts';
import type { ComputeError, ErrorKind } from '#core/errors.ts';
import type { ErrorReply } from '#http/service.ts';

/**
 * Status and the name of the body's only key. Source: Nova `api/openstack/wsgi.py`,
 * `Fault._fault_names`.
 */
export const faults: Record<ErrorKind, { status: number; name: FaultName }> = {
  invalid: { status: 400, name: 'badRequest' },
  unauthenticated: { status: 401, name: 'unauthorized' },
  forbidden: { status: 403, name: 'forbidden' },
  overQuota: { status: 403, name: 'forbidden' },
  notFound: { status: 404, name: 'itemNotFound' },
  badMethod: { status: 405, name: 'badMethod' },
  notAcceptable: { status: 406, name: 'computeFault' },
  requestTimeout: { status: 408, name: 'computeFault' },
  conflict: { status: 409, name: 'conflictingRequest' },
  tooLarge: { status: 413, name: 'overLimit' },
  badMediaType: { status: 415, name: 'badMediaType' },
  rangeNotSatisfiable: { status: 416, name: 'badRequest' },
  tooManyRequests: { status: 429, name: 'overLimit' },
  headersTooLarge: { status: 431, name: 'badRequest' },
  bug: { status: 500, name: 'computeFault' },
  notImplemented: { status: 501, name: 'notImplemented' },
  unavailable: { status: 503, name: 'serviceUnavailable' },
};

/**
 * The reply of an error. A bug says nothing of its inside but the request id that finds it in the
 * log; a refused token answers as Keystone's token layer does. Example: `conflict` → 409
 * `{"conflictingRequest": {"code": 409, "message": …}}`.
 */
export function faultReply(
  error: ComputeError,
  of: { requestId: string; identityUrl: string },
): ErrorReply {
  const { status, name } = faults[error.kind];
  if (error.kind === 'unauthenticated') {
    return {
      status,
      body: {
        error: { code: 401, title: 'Unauthorized', message: error.message },
      } satisfies FaultReply,
      headers: { 'www-authenticate': `Keystone uri="${of.identityUrl}"` },
    };
  }
  const message =
    error.kind === 'bug'
      ? `The server failed in a way it should not have. Its log has the cause under ${of.requestId}.`
      : error.message;
  return { status, body: { [name]: { code: status, message } } satisfies FaultReply };
}

/**
 * OpenStack's fault bodies, by error kind. docs/errors.md is compared with it.
 */
import type { FaultName, FaultReply } from '#client/shapes/faults.ts';
import type { ComputeError, ErrorKind } from '#core/errors.ts';
import type { ErrorReply } from '#http/service.ts';
import { statusOf } from '#http/status.ts';

/**
 * The name of the body's only key. Source: Nova `api/openstack/wsgi.py`, `Fault._fault_names`.
 */
const names: Record<ErrorKind, FaultName> = {
  invalid: 'badRequest',
  unauthenticated: 'unauthorized',
  forbidden: 'forbidden',
  overQuota: 'forbidden',
  notFound: 'itemNotFound',
  badMethod: 'badMethod',
  notAcceptable: 'computeFault',
  requestTimeout: 'computeFault',
  conflict: 'conflictingRequest',
  gone: 'computeFault',
  tooLarge: 'overLimit',
  badMediaType: 'badMediaType',
  rangeNotSatisfiable: 'badRequest',
  tooManyRequests: 'overLimit',
  headersTooLarge: 'badRequest',
  bug: 'computeFault',
  notImplemented: 'notImplemented',
  unavailable: 'serviceUnavailable',
};

/** Status and body of a kind. Nova forbids what is over quota; elsewhere it is a conflict. */
export function faultOf(kind: ErrorKind): { status: number; name: FaultName } {
  const status = kind === 'overQuota' ? statusOf('forbidden') : statusOf(kind);
  return { status, name: names[kind] };
}

/**
 * The reply of an error. For a bug it has no detail but the request id that finds it in the log; a
 * refused token is answered as by Keystone's token layer. Example: `conflict` → 409
 * `{"conflictingRequest": {"code": 409, "message": …}}`.
 */
export function faultReply(
  error: ComputeError,
  of: { requestId: string; identityUrl: string },
): ErrorReply {
  const { status, name } = faultOf(error.kind);
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
      ? `Unexpected internal error. The log of the service has the cause under ${of.requestId}.`
      : error.message;
  return { status, body: { [name]: { code: status, message } } satisfies FaultReply };
}

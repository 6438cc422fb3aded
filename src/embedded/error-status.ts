/**
 * Which HTTP status an error kind has in the embedded services, and the body that OpenStack's token
 * layer gives.
 */
import type { ComputeError, ErrorKind } from '#core/errors.ts';
import type { ErrorReply } from '#http/service.ts';

const statuses: Record<ErrorKind, [number, string]> = {
  invalid: [400, 'Bad Request'],
  unauthenticated: [401, 'Unauthorized'],
  forbidden: [403, 'Forbidden'],
  notFound: [404, 'Not Found'],
  badMethod: [405, 'Method Not Allowed'],
  notAcceptable: [406, 'Not Acceptable'],
  requestTimeout: [408, 'Request Timeout'],
  conflict: [409, 'Conflict'],
  overQuota: [409, 'Conflict'],
  tooLarge: [413, 'Request Entity Too Large'],
  badMediaType: [415, 'Unsupported Media Type'],
  rangeNotSatisfiable: [416, 'Requested Range Not Satisfiable'],
  tooManyRequests: [429, 'Too Many Requests'],
  headersTooLarge: [431, 'Request Header Fields Too Large'],
  bug: [500, 'Internal Server Error'],
  notImplemented: [501, 'Not Implemented'],
  unavailable: [503, 'Service Unavailable'],
};

/** Example: 'conflict' → 409. */
export function statusOf(kind: ErrorKind): number {
  return statuses[kind][0];
}

/** Example: 'conflict' → 'Conflict'; 'invalid' → 'Bad Request'. */
export function titleOf(kind: ErrorKind): string {
  return statuses[kind][1];
}

/**
 * `{"error": {"code", "title", "message"}}`: Keystone's body, and that of a refused token
 * everywhere.
 */
export function titledError(error: ComputeError): ErrorReply {
  const [status, title] = statuses[error.kind];
  return {
    status,
    body: { error: { code: status, title, message: error.message } },
    ...(status === 401 && { headers: { 'www-authenticate': 'Keystone' } }),
  };
}

/** The one table from error kinds to HTTP statuses. */
import type { ErrorKind } from '#core/errors.ts';

/** Status and its usual name. Source: RFC 9110; 431: RFC 6585. */
const statuses: Record<ErrorKind, readonly [status: number, title: string]> = {
  invalid: [400, 'Bad Request'],
  unauthenticated: [401, 'Unauthorized'],
  forbidden: [403, 'Forbidden'],
  notFound: [404, 'Not Found'],
  badMethod: [405, 'Method Not Allowed'],
  notAcceptable: [406, 'Not Acceptable'],
  requestTimeout: [408, 'Request Timeout'],
  conflict: [409, 'Conflict'],
  overQuota: [409, 'Conflict'],
  gone: [410, 'Gone'],
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
export function titleOfStatus(kind: ErrorKind): string {
  return statuses[kind][1];
}

/**
 * What fastify refuses has a status of its own. `invalid` for every status that is not among those
 * that fastify gives. Example: 413 → 'tooLarge'.
 */
export function kindOfRefusal(status: number): ErrorKind {
  return framework.find((kind) => statusOf(kind) === status) ?? 'invalid';
}

const framework = ['requestTimeout', 'tooLarge', 'badMediaType', 'headersTooLarge'] as const;

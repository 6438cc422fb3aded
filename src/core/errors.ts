/**
 * The one error the product throws on purpose. It has kinds, not HTTP statuses: `api/faults.ts`
 * maps each kind to one.
 */

export const errorKinds = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'notFound',
  'badMethod',
  'badMediaType',
  'requestTimeout',
  'headersTooLarge',
  'tooManyRequests',
  'tooLarge',
  'rangeNotSatisfiable',
  'conflict',
  'overQuota',
  'gone',
  'notAcceptable',
  'notImplemented',
  'unavailable',
  'bug',
] as const;

/** Transport-independent error kinds. */
export type ErrorKind = (typeof errorKinds)[number];

/**
 * An error with a closed kind, a message fit for the user, and an inner detail fit for the log.
 * The message names the field, the value and the rule.
 * Example: `new ComputeError('invalid', 'networks[0].port: no port 5f… exists')`.
 */
export class ComputeError extends Error {
  readonly kind: ErrorKind;
  readonly detail: string | undefined;
  /** When the same request can succeed; undefined: not known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    kind: ErrorKind,
    message: string,
    more: { detail?: string; cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'ComputeError';
    this.kind = kind;
    this.detail = more.detail;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

/**
 * Is this a ComputeError, of this kind when one is given? Example: `isComputeError(e, 'notFound')`.
 */
export function isComputeError(error: unknown, kind?: ErrorKind): error is ComputeError {
  return error instanceof ComputeError && (kind === undefined || error.kind === kind);
}

/**
 * Throws a `bug` when something that must hold does not. Example: `invariant(host, 'task 7 has no
 * host')`.
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new ComputeError('bug', 'internal error', { detail: message });
}

/** For the default branch of an exhaustive switch: does not compile while a case is missing. */
export function assertNever(value: never): never {
  throw new ComputeError('bug', 'internal error', {
    detail: `unexpected value ${JSON.stringify(value)}`,
  });
}

/**
 * The message of any thrown value. Example: `errorText(new Error('no route'))` → `no route`;
 * `errorText('no route')` too.
 */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

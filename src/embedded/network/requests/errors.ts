/** Errors with Neutron's type names, and Neutron's error body. */
import type { Stored } from '#contracts/store/network-store.ts';
import { damagedRecord } from '#core/damaged-record.ts';
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import type { ErrorReply } from '#http/service.ts';
import type { Rights } from './context.ts';
import { titledError } from '../../titled-error.ts';
import { statusOf, titleOfStatus } from '#http/status.ts';

/** An error that has a type name in Neutron. Example: type 'PortNotFound', kind 'notFound'. */
export class NetworkError extends ComputeError {
  readonly type: string;

  constructor(kind: ErrorKind, type: string, message: string) {
    super(kind, message);
    this.type = type;
  }
}

/** A binding that cannot be made, though the request is valid: Neutron answers 500. */
export const bindingError = 'PortBindingError';

/** Type names of errors that have none of their own; all others are webob's, as HTTPBadRequest. */
const plainTypes: Partial<Record<ErrorKind, string>> = {
  forbidden: 'PolicyNotAuthorized',
  overQuota: 'OverQuota',
};

/**
 * `{"NeutronError": {type, message, detail}}`; a refused token has the body of OpenStack's token
 * layer.
 */
export function toNeutronError(error: ComputeError): ErrorReply {
  if (error.kind === 'unauthenticated') return titledError(error);
  const type = error instanceof NetworkError ? error.type : plainType(error.kind);
  return {
    status: type === bindingError ? 500 : statusOf(error.kind),
    body: { NeutronError: { type, message: error.message, detail: '' } },
  };
}

function plainType(kind: ErrorKind): string {
  return plainTypes[kind] ?? `HTTP${titleOfStatus(kind).replaceAll(' ', '')}`;
}

export function invalidInput(message: string): NetworkError {
  return new NetworkError('invalid', 'InvalidInput', message);
}

/** Example: `notFound('Port', 'p1')` → PortNotFound "Port p1 could not be found." */
export function notFound(kind: string, id: string): NetworkError {
  const kindName = kind.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return new NetworkError('notFound', `${kind}NotFound`, `${kindName} ${id} could not be found.`);
}

/**
 * The thing itself. Throws `conflict` where its record is damaged, for administrators with the
 * reason. Example: `readable('Port', port, rights)`.
 */
export function readable<T extends Pick<Stored, 'id' | 'damage'>>(
  kind: string,
  thing: T,
  rights: Rights,
): T {
  if (thing.damage === undefined) return thing;
  throw damagedRecord(`${kind} ${thing.id}`, rights.isAdmin === true ? thing.damage : undefined);
}

/** For keys that only an admin or a service may set. */
export function adminOnly(field: string): NetworkError {
  return new NetworkError(
    'forbidden',
    'PolicyNotAuthorized',
    `${field}: may be set only with the role admin or service.`,
  );
}

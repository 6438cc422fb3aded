/**
 * Converts a service's refusal to an error: the kind by its status and type, the message the
 * service's own.
 */
import type { Acting } from '#contracts/services/network.ts';
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import { type OwnUser, whyRefused } from '../own-user.ts';
import type { ServiceAnswer } from './service-caller.ts';

const kinds: Record<number, ErrorKind> = {
  400: 'invalid',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  412: 'conflict',
  // Old Neutron versions; now 409 OverQuota.
  413: 'overQuota',
  501: 'notImplemented',
};

interface NeutronError {
  type?: string;
  message?: string;
}

/**
 * The error for this answer. `name`: the service, `owner`: our user there. When the service's own
 * rights are refused, it names the missing role. Example: 409 OverQuota "Quota exceeded for
 * resources: ['port']." → `overQuota` with this message.
 */
export function refusalOf(
  { status, body }: ServiceAnswer,
  { name, acting, act, owner }: { name: string; acting: Acting; act: string; owner: OwnUser },
): ComputeError {
  const { type, message } = refusalIn(body);
  const kind = type === 'OverQuota' ? 'overQuota' : kinds[status];
  const detail = `${act}: ${status} ${JSON.stringify(body)}`;
  if (kind === undefined) {
    const suffix = message === undefined ? '' : `: ${message}`;
    return new ComputeError('unavailable', `the ${name} answers ${status} to ${act}${suffix}`, {
      detail,
    });
  }
  if (kind === 'forbidden' && acting === 'service') {
    return new ComputeError(
      'forbidden',
      `the ${name} refuses ${act}: ${whyRefused(owner)}; its message: ${message ?? 'forbidden'}`,
      { detail },
    );
  }
  return new ComputeError(kind, message ?? `the ${name} answers ${status} to ${act}`, { detail });
}

/** Neutron, Keystone and Glance each have their own error body. */
function refusalIn(body: unknown): NeutronError {
  const { NeutronError, error, message } = (body ?? {}) as {
    NeutronError?: NeutronError | string;
    error?: NeutronError;
    message?: string;
  };
  if (typeof NeutronError === 'string') return { message: NeutronError };
  if (NeutronError !== undefined) return NeutronError;
  return error ?? (message === undefined ? {} : { message });
}

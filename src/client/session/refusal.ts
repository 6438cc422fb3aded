/** A reply of a service as its document, or as the error that it is. */
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import type { ServiceReply } from './exchange.ts';

/**
 * The JSON of a reply (undefined for an empty one). A refusal is thrown as ComputeError: the
 * service's message, then the request, the status and the request id. `user`: who sent it, for
 * messages.
 */
export function readReply(reply: ServiceReply, user?: string): unknown {
  const { service, method, url, status, text } = reply;
  const json = parseJson(text);
  const isOk = status >= 200 && status < 300;
  if (isOk && (json !== undefined || text === '')) return json;
  const id = reply.headers.get('x-openstack-request-id');
  const call = `${service} ${method} ${new URL(url).pathname}: ${status}`;
  const message = isOk ? 'the reply is not JSON' : refusalText(reply, json, user);
  throw new ComputeError(
    isOk ? 'unavailable' : kindOf(status),
    `${message} (${call}${id === null ? '' : `, request ${id}`})`,
  );
}

/**
 * What the commands request of compute and operator API is for administrators; which of their rules
 * refused it does not help here.
 */
function refusalText(
  { service, status, statusText }: ServiceReply,
  json: unknown,
  user = 'this user',
): string {
  if (status === 403 && (service === 'compute' || service === 'operator')) {
    return `only administrators may do this, and ${user} does not have the role; choose the cloud of an administrator with --os-cloud or OS_CLOUD`;
  }
  return messageIn(json) ?? statusText;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Services wrap their message once, each under a key of its own: `badRequest`, `NeutronError`,
 * `error`.
 */
function messageIn(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  for (const value of [json, ...Object.values(json)]) {
    const { message } = (value ?? {}) as { message?: unknown };
    if (typeof message === 'string') return message;
  }
  return undefined;
}

const kinds: Record<number, ErrorKind> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  406: 'notAcceptable',
  409: 'conflict',
  413: 'overQuota',
  500: 'bug',
  501: 'notImplemented',
};

function kindOf(status: number): ErrorKind {
  return kinds[status] ?? (status < 500 ? 'invalid' : 'unavailable');
}

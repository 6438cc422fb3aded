/** One HTTP exchange with a service of a cloud, whatever the status. */
import { tlsFailureReason } from '#core/tls-failure.ts';
import { ComputeError, errorText } from '#core/errors.ts';

/** What is sent. */
export interface Sent {
  method: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

/** What a service answered, with the request. */
export interface ServiceReply {
  service: string;
  method: string;
  url: string;
  status: number;
  statusText: string;
  headers: Headers;
  text: string;
}

const timeoutMs = 60_000;

/**
 * Sends and reads the entire reply. `service`: for messages. Throws `unavailable` when there is no
 * entire reply within a minute, or the certificate is not trusted.
 */
export async function exchange(service: string, url: string, sent: Sent): Promise<ServiceReply> {
  const { method } = sent;
  const headers = { accept: 'application/json', ...sent.headers };
  const signal = AbortSignal.timeout(timeoutMs);
  let reply: Response | undefined;
  try {
    reply = await fetch(url, { ...sent, headers, signal });
    const { status, statusText } = reply;
    const text = await reply.text();
    return { service, method, url, status, statusText, headers: reply.headers, text };
  } catch (cause) {
    const problem = problemOf(cause, reply !== undefined);
    throw new ComputeError('unavailable', `${service}: ${url}${problem}`, { cause });
  }
}

/** Error codes of Node and its HTTP client, as text. */
const reasons: Record<string, string> = {
  EAI_AGAIN: 'the host name cannot be looked up now',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'no such host',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_SOCKET: 'connection closed',
};

/** What follows the URL in the message. */
function problemOf(cause: unknown, hasBegun: boolean): string {
  const inner = cause instanceof Error ? (cause.cause ?? cause) : cause;
  const distrust = tlsFailureReason(inner, { key: 'cacert of the clouds.yaml or --os-cacert' });
  if (distrust !== undefined) return `: ${distrust}`;
  const address = 'is "novella up" running, and is the address right?';
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    const what = hasBegun ? 'no entire answer' : 'no answer';
    return `: ${what} within ${timeoutMs / 1_000} s; ${address}`;
  }
  const { code } = inner as { code?: unknown };
  const name = typeof code === 'string' ? code : errorText(inner);
  const why = reasons[name] ?? name;
  if (hasBegun) return `: the answer broke off (${why}); try again`;
  const question = /^(UND_ERR_SOCKET|ERR_SSL_)/.test(name)
    ? 'should the URL use the other of http and https?'
    : address;
  return ` does not answer (${why}); ${question}`;
}

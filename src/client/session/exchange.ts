/** One HTTP exchange with a service of a cloud, whatever the status. */
import { tlsFailureReason } from '#core/tls-failure.ts';
import { ComputeError } from '#core/errors.ts';

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
 * answer within a minute, or the certificate is not trusted.
 */
export async function exchange(service: string, url: string, sent: Sent): Promise<ServiceReply> {
  const { method } = sent;
  const headers = { accept: 'application/json', ...sent.headers };
  const signal = AbortSignal.timeout(timeoutMs);
  const reply = await reach(service, url, { ...sent, headers, signal });
  const { status, statusText } = reply;
  const text = await reply.text();
  return { service, method, url, status, statusText, headers: reply.headers, text };
}

async function reach(service: string, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    const inner = cause instanceof Error ? (cause.cause ?? cause) : cause;
    const distrust = tlsFailureReason(inner, { key: 'cacert of the clouds.yaml or --os-cacert' });
    if (distrust !== undefined) {
      throw new ComputeError('unavailable', `${service}: ${url}: ${distrust}`, { cause });
    }
    const why = (inner as { code?: string }).code ?? String(inner);
    const question = /^(UND_ERR_SOCKET|ERR_SSL_)/.test(why)
      ? 'should the URL use the other of http and https?'
      : 'is "novella up" running, and is the address right?';
    throw new ComputeError(
      'unavailable',
      `${service}: ${url} does not answer (${why}); ${question}`,
      { cause },
    );
  }
}

/** One HTTP exchange with a service: pooled connections, a CA of one's own, and an end to all waiting. Knows no OpenStack. */
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface WireRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** How long the other side may be silent. */
  timeoutMs: number;
}

export interface WireAnswer {
  status: number;
  header(name: string): string | undefined;
  /** Ends with an error where the other side breaks off, or is silent for the time-out. */
  bytes: IncomingMessage;
}

export interface WireOptions {
  /** PEM text of the authorities to trust instead of the system's. */
  ca?: string;
  /** Connections kept to each service. */
  connections: number;
}

export interface Wire {
  /** Rejects with the system's error when there is no answer: connection refused, reset, no answer in time. */
  send(request: WireRequest): Promise<WireAnswer>;
  close(): void;
}

/** No answer in time. Not worth asking again: the wait was long already. */
export class TimedOut extends Error {}

/**
 * Opens no connection yet. A POST has a connection of its own: on a kept one nobody could tell whether the other side, closing it just
 * then, had acted on it.
 */
export function createWire(options: WireOptions): Wire {
  const { connections, ca } = options;
  const pool = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const trust = ca === undefined ? {} : { ca };
  const http = { kept: new HttpAgent(pool), once: new HttpAgent() };
  const https = { kept: new HttpsAgent({ ...pool, ...trust }), once: new HttpsAgent(trust) };
  return {
    send({ method, url, headers, body, timeoutMs }) {
      const isTls = url.startsWith('https:');
      const agents = isTls ? https : http;
      return new Promise((resolve, reject) => {
        const late = () => new TimedOut(`no answer within ${timeoutMs / 1000} s`);
        let answered: IncomingMessage | undefined;
        const sending = (isTls ? httpsRequest : httpRequest)(
          url,
          {
            method,
            headers: {
              ...headers,
              ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
            },
            agent: method === 'POST' ? agents.once : agents.kept,
            timeout: timeoutMs,
          },
          (bytes) => {
            clearTimeout(timer);
            answered = bytes;
            resolve({
              status: bytes.statusCode ?? 0,
              header: (name) => bytes.headers[name]?.toString(),
              bytes,
            });
          },
        );
        sending.on('timeout', () => (answered ?? sending).destroy(late()));
        // Counted from here, so that waiting for a free connection ends too.
        const timer = setTimeout(() => sending.destroy(late()), timeoutMs);
        sending.on('error', (error) => {
          clearTimeout(timer);
          reject(error);
        });
        sending.end(body);
      });
    },
    close() {
      for (const agent of [http.kept, http.once, https.kept, https.once]) agent.destroy();
    },
  };
}

/**
 * One HTTP exchange with a service: pooled connections, a custom CA, and a time-out on every wait.
 * Independent of OpenStack.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface WireRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Instead of a body: bytes that are not held in memory. They are read once. */
  stream?: AsyncIterable<Uint8Array>;
  /**
   * A dedicated connection outside the pool: for long transfers, or where the peer may be closing a
   * pooled connection.
   */
  dedicatedConnection?: boolean;
}

export interface WireAnswer {
  status: number;
  header(name: string): string | undefined;
  /** Ends with an error where the peer breaks off, or is silent for the time-out. */
  bytes: IncomingMessage;
}

export interface HttpTransportOptions {
  /** PEM text of the authorities to trust instead of the system's. */
  ca?: string;
  /** How long the peer may be silent. */
  timeoutMs: number;
  /** How long a connection may take to open. */
  connectMs: number;
  /**
   * Connections kept to each service, which limits concurrent calls; others queue while their
   * time-out runs.
   */
  connections: number;
}

export interface HttpTransport {
  /**
   * Rejects with the system's error when there is no answer: connection refused, reset, time-out.
   */
  send(request: WireRequest): Promise<WireAnswer>;
  close(): void;
}

/** No answer in time. Not retried: the wait was already long. */
export class TimedOut extends Error {}

/** Opens no connection yet. */
export function createHttpTransport(options: HttpTransportOptions): HttpTransport {
  const { connections, ca } = options;
  const pool = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const trust = ca === undefined ? {} : { ca };
  const http = { kept: new HttpAgent(pool), alone: new HttpAgent() };
  const https = { kept: new HttpsAgent({ ...pool, ...trust }), alone: new HttpsAgent(trust) };
  return {
    send({ method, url, headers, body, stream, dedicatedConnection: isAlone = false }) {
      const isTls = url.startsWith('https:');
      const agents = isTls ? https : http;
      const length = body !== undefined && { 'content-length': String(Buffer.byteLength(body)) };
      const sending = (isTls ? httpsRequest : httpRequest)(url, {
        method,
        headers: { ...headers, ...length },
        agent: isAlone ? agents.alone : agents.kept,
        timeout: options.timeoutMs,
      });
      if (stream !== undefined) return answerToStream(sending, stream, options);
      const answer = answerTo(sending, options);
      sending.end(body);
      return answer;
    },
    close() {
      for (const agent of [http.kept, http.alone, https.kept, https.alone]) agent.destroy();
    },
  };
}

/** The wait for the answer begins when the bytes are sent, or the peer has enough of them. */
function answerToStream(
  sending: ClientRequest,
  stream: AsyncIterable<Uint8Array>,
  options: HttpTransportOptions,
): Promise<WireAnswer> {
  let isAnswered = false;
  const answer = new Promise<WireAnswer>((resolve, reject) => {
    sending.on('timeout', () =>
      sending.destroy(new TimedOut(`timed out after ${options.timeoutMs / 1000} s`)),
    );
    sending.on('response', (bytes) => {
      isAnswered = true;
      resolve(answerOf(bytes));
    });
    sending.on('error', reject);
  });
  limitOpening(sending, options.connectMs);
  pipeline(Readable.from(stream), sending).catch((error: Error) => {
    if (!isAnswered) sending.destroy(error);
  });
  return answer;
}

function answerOf(bytes: IncomingMessage): WireAnswer {
  return {
    status: bytes.statusCode ?? 0,
    header: (name) => bytes.headers[name]?.toString(),
    bytes,
  };
}

function answerTo(
  sending: ClientRequest,
  { timeoutMs, connectMs }: HttpTransportOptions,
): Promise<WireAnswer> {
  const late = () => new TimedOut(`timed out after ${timeoutMs / 1000} s`);
  return new Promise((resolve, reject) => {
    // Counted from here, so that waiting for a free connection times out too.
    const timer = setTimeout(() => sending.destroy(late()), timeoutMs);
    let answered: IncomingMessage | undefined;
    sending.on('timeout', () => (answered ?? sending).destroy(late()));
    sending.on('response', (bytes) => {
      clearTimeout(timer);
      answered = bytes;
      resolve(answerOf(bytes));
    });
    sending.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    limitOpening(sending, connectMs);
  });
}

function limitOpening(sending: ClientRequest, connectMs: number): void {
  sending.on('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => sending.destroy(new TimedOut(`no connection within ${connectMs / 1000} s`)),
      connectMs,
    );
    const open = 'encrypted' in socket ? 'secureConnect' : 'connect';
    for (const event of [open, 'close']) socket.once(event, () => clearTimeout(timer));
  });
}

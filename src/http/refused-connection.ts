/** Answers to invalid HTTP requests: the parser's errors, in the service's own body. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import type { ErrorReply } from './error-reply.ts';

const problems: Record<string, { kind: ErrorKind; message: string }> = {
  HPE_HEADER_OVERFLOW: {
    kind: 'headersTooLarge',
    message: 'The request line and headers are longer than 16 KiB.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    kind: 'tooLarge',
    message: 'The chunk extensions of the request are longer than 16 KiB.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    kind: 'requestTimeout',
    message: 'The request did not arrive in time.',
  },
};

/** Writes the answer, if the client is still connected, and closes the connection. */
export function refuseConnection(
  cause: Error & { code?: string },
  socket: Socket,
  toReply: (error: ComputeError, requestId: string) => ErrorReply,
): void {
  // No client could read an answer where the TLS handshake failed.
  const isTls = /^ERR_(SSL|TLS)/.test(cause.code ?? '');
  if (isTls || cause.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const known = problems[cause.code ?? ''];
  const message = known?.message ?? `The request is not valid HTTP: ${cause.message}`;
  const requestId = `req-${randomUUID()}`;
  const { status, body, headers } = toReply(
    new ComputeError(known?.kind ?? 'invalid', message, { cause }),
    requestId,
  );
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'x-openstack-request-id': requestId,
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const start = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  socket.end(`${start}${lines.join('')}\r\n${text}`);
  // A client that continues to send gets no more of our time.
  socket.destroySoon();
}

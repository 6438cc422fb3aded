/** The answer to a host whose connection is not taken. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { endSocket } from '#runtime/streams/end-socket.ts';

/** Sends a plain HTTP reply, and closes the connection. */
export function refuseUpgrade(
  socket: Duplex,
  { status, message }: { status: number; message: string },
): void {
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ error: { code: status, title, message } });
  const headers = [
    `HTTP/1.1 ${status} ${title}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(status === 401 ? ['WWW-Authenticate: Bearer realm="novella-host"'] : []),
  ];
  endSocket(socket, `${headers.join('\r\n')}\r\n\r\n${body}`);
}

/** A WebSocket as a stream of bytes. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';

/** Many pings, because each waits behind the output that is on its way. */
const usualPings = { everyMs: 20_000, mostUnanswered: 6 };
/** Of bytes that wait for a slow reader, in each direction. */
const highWaterMark = 64 * 1024;

/**
 * The bytes of this open WebSocket, which is not read while the stream is not. `transport`: its
 * connection. A ping is sent every `everyMs`. The stream ends when nothing has arrived during
 * `mostUnanswered` of them, neither an answer nor any other byte. While bytes wait in either
 * direction it stays: limiting that time is left to `joinStreams`.
 */
export function webSocketStream(
  socket: WebSocket,
  transport: Pick<Socket, 'bytesRead'>,
  { everyMs, mostUnanswered } = usualPings,
): Duplex {
  const stream = createWebSocketStream(socket, { highWaterMark });
  let bytesRead = 0;
  let unanswered = 0;
  const timer = setInterval(() => {
    const hasWaiting = socket.isPaused || stream.writableLength > 0;
    if (hasWaiting || transport.bytesRead !== bytesRead) unanswered = 0;
    ({ bytesRead } = transport);
    if (unanswered >= mostUnanswered) return socket.terminate();
    unanswered += 1;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, everyMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
  // Without a listener an error would end the process.
  stream.on('error', () => undefined);
  return stream;
}

/** A WebSocket as a stream of bytes. */
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';

const pingMs = 20_000;
/** Of bytes that wait for a slow reader, in each direction. */
const highWaterMark = 64 * 1024;

/**
 * The bytes of this open WebSocket, which is not read while the stream is not. A peer that answers
 * no ping is gone: the stream closes.
 */
export function webSocketStream(socket: WebSocket, { everyMs = pingMs } = {}): Duplex {
  const stream = createWebSocketStream(socket, { highWaterMark });
  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  const timer = setInterval(() => {
    // Reading is paused, so a pong cannot arrive.
    if (!isAlive && !socket.isPaused) return socket.terminate();
    isAlive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, everyMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
  // Without a listener an error would end the process.
  stream.on('error', () => undefined);
  return stream;
}

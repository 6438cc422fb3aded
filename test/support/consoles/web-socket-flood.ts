/** Many small messages that reach a WebSocket server at once. */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { expect, vi } from 'vitest';
import { loopTurns } from '../loop-turns.ts';

/**
 * Connects, sends these texts in one piece, and returns the turn of the event loop in which the
 * server, in this process, received each. Example url: `http://127.0.0.1:8774/console?token=…`.
 */
export async function turnsOfFlood(
  url: string,
  texts: readonly string[],
  headers: Record<string, string> = {},
): Promise<number[]> {
  const turns: number[] = [];
  const loop = loopTurns();
  const emit = vi.spyOn(WebSocket.prototype, 'emit').mockImplementation(function received(
    this: WebSocket,
    ...event
  ) {
    if (event[0] === 'message') turns.push(loop.now());
    return emitted.apply(this, event);
  });
  const socket = await upgraded(url, headers);
  try {
    socket.write(Buffer.concat(texts.map(frameOf)));
    await expect.poll(() => turns.length, { timeout: 4_000 }).toBe(texts.length);
    return turns;
  } finally {
    socket.destroy();
    loop.stop();
    emit.mockRestore();
  }
}

// oxlint-disable-next-line typescript/unbound-method -- it is called with its socket
const emitted = WebSocket.prototype.emit;

function upgraded(url: string, headers: Record<string, string>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const call = request(url, { headers: { ...upgrade, ...headers } });
    call.on('upgrade', (_response, socket: Socket) => resolve(socket));
    call.on('response', ({ statusCode }) => reject(new Error(`answered ${statusCode}`)));
    call.on('error', reject);
    call.end();
  });
}

/** A text frame of a client, its mask zero. Source: RFC 6455, 5.2. */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const length =
    payload.length < 126
      ? [0x80 | payload.length]
      : [0x80 | 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), payload]);
}

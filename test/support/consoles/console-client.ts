/** A client of the proxy to consoles. */
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';

export interface ConsoleClient {
  stream: Duplex;
  /** The subprotocol that the server chose; '' where it chose none. */
  protocol: string;
}

/** The address of the WebSocket of a console's URL, as noVNC and Tempest derive it. */
export function socketUrl(url: string): string {
  const { origin, searchParams } = new URL(url);
  const path = searchParams.get('path');
  if (path === null) return url;
  return `${origin.replace(/^http/, 'ws')}/${path}`;
}

/** Throws an error with the status of the reply where that is no upgrade. */
export function openConsole(
  url: string,
  {
    protocols = ['binary'],
    headers = {},
  }: { protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<ConsoleClient> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl(url), protocols, {
      headers,
      rejectUnauthorized: false,
    });
    const stream = createWebSocketStream(socket);
    stream.on('error', () => undefined);
    socket.once('open', () => resolve({ stream, protocol: socket.protocol }));
    socket.once('unexpected-response', (_request, reply) => {
      reject(new Error(`status ${reply.statusCode}, ${reply.headers['content-length']} bytes`));
      socket.terminate();
    });
    socket.once('error', reject);
  });
}

/** When the client's stream is over. */
export function ended(stream: Duplex): Promise<void> {
  stream.resume();
  return new Promise((resolve) => {
    if (stream.destroyed || stream.readableEnded) resolve();
    for (const event of ['end', 'close']) stream.once(event, () => resolve());
  });
}

import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { ended } from '#test/consoles/console-client.ts';
import { webSocketStream } from './web-socket-stream.ts';

const pings = { everyMs: 5, mostUnanswered: 10 };

/** The stream of a connection whose peer sends only what the test writes: no pong. */
async function aStream(): Promise<{ stream: Duplex; peer: Socket }> {
  const server = createServer({ shouldUpgradeCallback: () => true });
  const sockets = new WebSocketServer({ noServer: true });
  const opened = new Promise<Duplex>((resolve) => {
    server.on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (open) =>
        resolve(webSocketStream(open, request.socket, pings)),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const peer = connect(port, '127.0.0.1');
  peer.on('error', () => undefined);
  onTestFinished(async () => {
    peer.destroy();
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  peer.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  const stream = await opened;
  stream.resume();
  return { stream, peer };
}

/** Longer than a silent peer is kept. */
const passed = () =>
  new Promise((resolve) => setTimeout(resolve, 4 * pings.everyMs * pings.mostUnanswered));
const isOver = (stream: Duplex) => stream.destroyed || stream.readableEnded;

test('a peer that sends nothing, not even an answer to a ping, is closed', async () => {
  const { stream, peer } = await aStream();
  const received: Buffer[] = [];
  peer.on('data', (bytes) => received.push(bytes));
  await ended(stream);
  await ended(peer);
  const frames = Buffer.concat(received).toString('hex').split('0d0a0d0a')[1];
  expect(frames).toBe('8900'.repeat(pings.mostUnanswered));
});

test('each byte that arrives counts, also those of a message that is not complete', async () => {
  const { stream, peer } = await aStream();
  peer.resume();
  // The beginning of a message of 64 KiB − 1 bytes, masked.
  peer.write(Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0]));
  const timer = setInterval(() => peer.write('x'), pings.everyMs);
  await passed();
  clearInterval(timer);
  expect(isOver(stream)).toBe(false);
  await ended(stream);
});

test('while bytes wait for a slow reader its answers to pings may be late', async () => {
  const { stream, peer } = await aStream();
  while (stream.writableLength < 1024 * 1024) {
    stream.write(Buffer.alloc(1024 * 1024));
    await new Promise(setImmediate);
  }
  await passed();
  expect(isOver(stream)).toBe(false);
  peer.resume();
  await ended(stream);
});

/** A server that ends a connection at the moment at which it is ready. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { openPostgres } from './postgres.ts';

/** A message of PostgreSQL's protocol, version 3. Source: "Message Formats". */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

test('a connection that ends before its first statement fails that statement only', async () => {
  const ended = ['SFATAL', 'C57P01', 'Mterminating connection', ''].join('\0');
  const answer = Buffer.concat([
    message('R', Buffer.alloc(4)),
    message('Z', Buffer.from('I')),
    message('E', Buffer.from(`${ended}\0`)),
  ]);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await expect(openPostgres(`postgresql://nova@127.0.0.1:${port}/nova`)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('cannot be reached'),
    });
  } finally {
    server.close();
  }
});

/** TLS with an authority of one's own. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { certificate } from '#test/certificate.ts';
import { createWire } from './wire.ts';

test('a service is trusted by the authorities of ca_file, and by no others', async ({ skip }) => {
  const made = certificate();
  if (made === undefined) return skip();
  const server = createServer(made, (_asked, reply) => reply.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const options = { connections: 2 };
  const [trusting, other] = [createWire({ ...options, ca: made.cert }), createWire(options)];
  for (const method of ['GET', 'POST']) {
    const request = { method, url, headers: {}, timeoutMs: 5_000 };
    expect(await text((await trusting.send(request)).bytes)).toBe('here');
    await expect(other.send(request)).rejects.toThrow('self-signed certificate');
  }
  trusting.close();
  other.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

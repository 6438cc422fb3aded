/** TLS with an authority of one's own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createWire } from './wire.ts';

/** A certificate that signs itself; undefined where there is no openssl. */
function certificate(): { key: string; cert: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'novella-tls-'));
  try {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const kind = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
    const files = ['-keyout', join(folder, 'key'), '-out', join(folder, 'cert')];
    if (spawnSync('openssl', [...kind, ...files, ...subject]).status !== 0) return undefined;
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    return { key: read('key'), cert: read('cert') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a service is trusted by the authorities of ca_file, and by no others', async ({ skip }) => {
  const made = certificate();
  if (made === undefined) return skip();
  const server = createServer(made, (_asked, reply) => reply.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const options = { timeoutMs: 5_000, connections: 2 };
  const [trusting, other] = [createWire({ ...options, ca: made.cert }), createWire(options)];
  for (const method of ['GET', 'POST']) {
    const request = { method, url, headers: {} };
    expect(await text((await trusting.send(request)).bytes)).toBe('here');
    await expect(other.send(request)).rejects.toThrow('self-signed certificate');
  }
  trusting.close();
  other.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

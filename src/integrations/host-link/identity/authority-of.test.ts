/** What an untrusted peer may present as the chain of its certificate. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { makeAuthority } from '#test/tls/authority.ts';
import { inspectController } from './inspect-controller.ts';
import { peerCredential } from './peer-credential.ts';
import { tlsProblem } from './tls-problem.ts';

/** The authority's certificate with a key of an algorithm that nobody knows. */
function withUnknownKey(pem: string): string {
  const der = Buffer.from(new X509Certificate(pem).raw);
  for (const algorithm of ['2a8648ce3d0201', '2a864886f70d010101']) {
    const at = der.lastIndexOf(Buffer.from(algorithm, 'hex'));
    if (at >= 0) der.writeUInt8(0x7f, at + algorithm.length / 2 - 1);
  }
  return pemOf(der);
}

function pemOf(der: Buffer): string {
  const lines = der
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const cluster = makeAuthority('cluster');
const hostile = makeAuthority('hostile');
const ofHost = hostile.sign({ subject: 'URI:novella:host:hv1', days: 1 });
const ofController = hostile.sign({ subject: 'URI:novella:controller', days: 1 });
/** As many certificates as are followed, then the one whose key cannot be read. */
const chainOf = (cert: string): string => `${`${cert}\n`.repeat(8)}${withUnknownKey(hostile.cert)}`;
/** OpenSSL sends such a key only without its checks. */
const unchecked = { ciphers: 'DEFAULT@SECLEVEL=0' };

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  ends.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

/** What a controller makes of a peer that presents this. */
async function credentialOf(presented: { cert: string; key: string }) {
  const { cert, key } = cluster.sign({ subject: 'URI:novella:controller', days: 1 });
  const server = createServer({
    ...{ cert, key, ca: [cluster.cert], requestCert: true, rejectUnauthorized: false },
  });
  const port = await listening(server);
  const client = connect({
    ...{ port, host: '127.0.0.1', rejectUnauthorized: false },
    ...{ ...unchecked, ...presented },
  });
  client.on('error', () => undefined);
  ends.push(() => client.destroy());
  const [socket] = (await once(server, 'secureConnection')) as [TLSSocket];
  ends.push(() => socket.destroy());
  return peerCredential({ socket });
}

test('a host whose authority has a key of an unknown algorithm is refused', async () => {
  expect(await credentialOf({ ...ofHost, cert: chainOf(ofHost.cert) })).toEqual({
    kind: 'none',
    problem: expect.stringMatching(/its authority is not known\.$/),
  });
});

/** It has expired, and its first time is none: Node reads it as NaN, or as any number. */
function withoutBeginning(subject: string) {
  const { cert, key } = hostile.sign({ subject, days: -1 });
  const der = Buffer.from(new X509Certificate(cert).raw);
  der.write('no time at al', der.indexOf(Buffer.from([0x17, 0x0d])) + 2, 'latin1');
  return { cert: pemOf(der), key };
}

test('a host whose certificate has expired, and began at no time, is refused', async () => {
  expect(await credentialOf(withoutBeginning('URI:novella:host:hv1'))).toEqual({
    kind: 'none',
    problem: expect.stringContaining('has expired. It is valid from '),
  });
});

test('an agent reports such a certificate of a controller', async () => {
  const { cert, key } = withoutBeginning('URI:novella:controller');
  const server = createServer({ ...unchecked, cert, key }, (socket) => {
    ends.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'));
  });
  const url = `https://127.0.0.1:${await listening(server)}`;
  const error = Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' });
  const tls = { ca: [cluster.cert] };
  expect(await tlsProblem(error, { url, tls }, Date.now())).toContain(
    'its certificate is valid from ',
  );
});

test('a controller whose authority has such a key has no known authority', async () => {
  const { cert, key } = ofController;
  const server = createServer({ ...unchecked, cert: chainOf(cert), key }, (socket) => {
    ends.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'));
  });
  const port = await listening(server);
  const { authority } = await inspectController(`https://127.0.0.1:${port}`);
  expect(authority).toBeUndefined();
});

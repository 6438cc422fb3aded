/** The port for hosts, and what a hostile peer gets there. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect, type SecureContextOptions } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { hostConsolePath, hostLinkPath } from '#contracts/host/host-link.ts';
import { clusterAuthority } from '#integrations/cluster-authority/cluster-authority.ts';
import { certificateSigner } from '#integrations/cluster-authority/sign-certificate.ts';
import { generateHostKey, proveKey, provenKey } from '#runtime/keys/host-key.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { imageId } from '#test/worlds/compute-world.ts';
import { aHostsPort, type HostsPort, keyOn } from '#test/links/hosts-port.ts';

let port: HostsPort;
beforeEach(async () => {
  port = await aHostsPort();
});
afterEach(() => port.stop());

const imagePath = `/novella/v1/images/${imageId}/content`;

/** How an upgrade at this path ends: `open`, or the status. */
function upgrade(
  path: string,
  options: SecureContextOptions & { headers?: Record<string, string> },
): Promise<string> {
  const socket = new WebSocket(port.url.replace('https', 'wss') + path, {
    ca: port.authority,
    // The types of `ws` differ from Node's.
    checkServerIdentity: (() => undefined) as never,
    ...options,
  });
  return new Promise((resolve) => {
    socket.on('open', () => {
      resolve('open');
      socket.terminate();
    });
    socket.on('unexpected-response', (request, response) => {
      resolve(String(response.statusCode));
      request.destroy();
    });
    socket.on('error', () => resolve('error'));
  });
}

test('a host that has joined links; without a certificate, or with a token instead, it does not', async () => {
  expect(await upgrade(hostLinkPath, await port.joined('hv1'))).toBe('open');
  expect(await upgrade(hostLinkPath, {})).toBe('401');
  const authorization = `Bearer ${await port.tokenOf('hv2')}`;
  expect(await upgrade(hostLinkPath, { headers: { authorization } })).toBe('401');
  expect(await upgrade(`${hostConsolePath}/r1`, {})).toBe('401');
  expect(await port.send(imagePath)).toMatchObject({
    status: 401,
    body: { message: expect.stringContaining('No certificate was presented') },
  });
});

test('a certificate is for its own host only: neither for another one’s certificate nor its images', async () => {
  await port.world.activeServer();
  const [own, other] = [await port.joined('host-1'), await port.joined('hv2')];
  expect((await port.send(imagePath, other)).status).toBe(403);
  const key = await generateHostKey();
  const stolen = await port.certify('host-1', proveKey(key, 'host-1'), other);
  expect([stolen.status, stolen.body.message]).toEqual([
    403,
    'This is the token or certificate of host hv2, not of host-1.',
  ]);
  const renewed = await port.certify('host-1', proveKey(key, 'host-1'), own);
  expect(renewed.status).toBe(200);
});

test('a certificate opens no API: neither here nor where users connect', async () => {
  const own = await port.joined('hv1');
  for (const path of ['/v2.1/servers', '/novella/v1/hosts', '/novella/v1/hosts/hv2/enrolment']) {
    expect((await port.send(path, own)).status).toBe(404);
  }
  const { status } = await port.world.ask('GET /v2.1/servers', { as: null });
  expect(status).toBe(401);
});

test('a revoked, replaced or forgotten certificate is refused, and the reason named', async () => {
  const own = await port.joined('hv1');
  const why = async () => (await port.send(imagePath, own)).body.message;
  await port.world.workflows.revokeHost('hv1');
  expect(await why()).toBe('The certificate of host hv1 was revoked.');
  await port.world.workflows.forgetHost('hv1');
  expect(await why()).toMatch(/^The certificate of host hv1 \(serial number 01\w+\) is not known:/);
});

test('a certificate that has expired by the clock of the controller is refused', async () => {
  const own = await port.joined('hv1');
  port.world.time.now += 91 * 86_400_000;
  expect((await port.send(imagePath, own)).body.message).toMatch(
    /^The certificate of host hv1 expired at \S+Z; the controller's clock is at \S+Z\.$/,
  );
});

/**
 * A certificate of this cluster's authority, or of another one, that no controller has recorded.
 */
async function forged({
  role = 'client',
  uri = 'novella:host:hv1',
  from = -1,
  to = 1,
  isForeign = false,
}: {
  role?: 'client' | 'server';
  uri?: string;
  /** In days from now. */
  from?: number;
  to?: number;
  isForeign?: boolean;
}) {
  const clock = { now: Date.now };
  const foreign = await migratedStore(':memory:', { clock });
  const store = isForeign ? foreign.store : port.world.store;
  await clusterAuthority({ store: store.authority, clock, hostLifeMs: 1 }).certificate();
  const authority = await store.authority.get();
  await foreign.store.close();
  const key = await generateHostKey();
  const publicKey = provenKey(proveKey(key, 'x'), 'x');
  const day = 86_400_000;
  const validity = { notBefore: Date.now() + from * day, notAfter: Date.now() + to * day };
  const serial = `01${randomBytes(15).toString('hex')}`;
  const named = { serial, name: 'hv1', ...validity };
  const sign = await certificateSigner(authority!);
  const cert = await sign(named, { uri, role, publicKey });
  return { key, cert: cert + authority!.certificate };
}

test.each([
  { name: 'an unrecorded serial number', of: {}, why: 'is not known' },
  { name: 'the role of a server', of: { role: 'server' as const }, why: '(INVALID_PURPOSE)' },
  { name: 'no name of a host', of: { uri: 'novella:controller' }, why: 'is not of a host' },
  { name: 'an empty name', of: { uri: 'novella:host:' }, why: 'is not of a host' },
  {
    name: 'a start in the future',
    of: { from: 1, to: 2 },
    why: 'is not valid yet. It is valid from',
  },
  { name: 'an end in the past', of: { from: -2, to: -1 }, why: 'has expired. It is valid from' },
  { name: 'another authority', of: { isForeign: true }, why: "is not one of this cluster's hosts" },
])('a certificate with $name is refused', async ({ of, why }) => {
  await port.joined('hv1');
  const answer = await port.send(imagePath, await forged(of));
  expect([answer.status, answer.body.message]).toEqual([401, expect.stringContaining(why)]);
});

const rsa = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
};

test.each([
  { name: 'no key', change: { publicKey: '' }, why: 'public_key: must be a public key' },
  { name: 'rubbish', change: { publicKey: 'AAAA' }, why: 'public_key: must be a public key' },
  { name: 'no base64', change: { publicKey: '-----' }, why: 'field/attribute public_key' },
  { name: 'another curve', key: () => keyOn('P-384'), why: 'must be an ECDSA key on P-256' },
  { name: 'an RSA key', key: rsa, why: 'must be an ECDSA key on P-256' },
  { name: 'no proof', change: { proof: '' }, why: 'proof: is not by the owner' },
  { name: 'proof for another host', provenFor: 'hv2', why: 'proof: is not by the owner' },
])('a request with $name is refused, and the token stays valid', async (given) => {
  const token = await port.tokenOf('hv1');
  const key = given.key?.() ?? (await generateHostKey());
  const proof = { ...proveKey(key, given.provenFor ?? 'hv1'), ...given.change };
  const { status, body } = await port.certify('hv1', proof, { token });
  expect([status, body.message]).toEqual([400, expect.stringContaining(given.why)]);
  const good = proveKey(await generateHostKey(), 'hv1');
  expect((await port.certify('hv1', good, { token })).status).toBe(200);
});

test('proof by another key is refused', async () => {
  const token = await port.tokenOf('hv1');
  const [own, other] = [await generateHostKey(), await generateHostKey()];
  const { publicKey } = proveKey(other, 'hv1');
  const { proof } = proveKey(own, 'hv1');
  expect((await port.certify('hv1', { publicKey, proof }, { token })).status).toBe(400);
});

test('a long body is refused before it is read', async () => {
  const token = await port.tokenOf('hv1');
  const proof = { ...proveKey(await generateHostKey(), 'hv1'), proof: 'A'.repeat(1_000_000) };
  expect((await port.certify('hv1', proof, { token })).status).toBe(413);
});

test('TLS 1.2 is refused', async () => {
  const { port: number } = new URL(port.url);
  const end = await new Promise((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port: Number(number),
      ca: port.authority,
      maxVersion: 'TLSv1.2',
      checkServerIdentity: () => undefined,
    });
    socket.on('secureConnect', () => resolve(socket.getProtocol()));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
  expect(end).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
});

test('connections without a handshake keep no host away', async () => {
  const own = await port.joined('hv1');
  const { port: number } = new URL(port.url);
  const idle: Socket[] = Array.from({ length: 900 }, () =>
    connectPlain(Number(number), '127.0.0.1').on('error', () => {}),
  );
  try {
    await Promise.all(
      idle.map((socket) => new Promise((resolve) => socket.on('connect', resolve))),
    );
    expect(await upgrade(hostLinkPath, own)).toBe('open');
  } finally {
    for (const socket of idle) socket.destroy();
  }
});

/** Who may connect to a host that offers or expects a guest, and what they get. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { connect, createServer as createTlsServer } from 'node:tls';
import { hostUri } from '#core/host-identity/certificate-names.ts';
import { makeAuthority } from '#test/tls/authority.ts';
import { silentLog } from '#test/silent-log.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { fetchFile, requestedFile, sendFile } from './copy-file.ts';
import { dialPeer } from './dial-peer.ts';
import { anyPeer, type PeerIdentity } from './peer-identity.ts';
import { PeerListener } from './peer-listener.ts';
import { openingLine } from './peer-stream.ts';

const cluster = makeAuthority('cluster');
const identityOf = (subject: string, authority = cluster, days = 1): PeerIdentity => {
  const { cert: certificate, key } = authority.sign({ subject, days });
  return { certificate, key, authority: cluster.cert };
};
const ofHost = (name: string) => identityOf(`URI:${hostUri(name)}`);
const [hv1, hv2, hv3] = [ofHost('hv1'), ofHost('hv2'), ofHost('hv3')];

let folder = '';
let listener: PeerListener;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-peer-'));
  writeFileSync(join(folder, 'disk'), Buffer.alloc(3_000_000, 'a disk '));
  listener = new PeerListener({
    ...{ address: '127.0.0.1', port: 0, identity: async () => hv1, log: silentLog },
  });
});

const open: string[] = [];

afterEach(async () => {
  for (const key of open.splice(0)) await listener.close(key);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Host 1 offers the file to host 2. */
async function offered(path = join(folder, 'disk'), bytes = 3_000_000) {
  const key = await listener.open({
    peer: 'hv2',
    async serve(what, socket) {
      if (requestedFile(what) !== 'disk') throw new Error(`no ${what}`);
      await sendFile(socket, path, bytes);
    },
  });
  open.push(key);
  return { host: 'hv1', address: '127.0.0.1', port: listener.port, key };
}

const file = { name: 'disk', bytes: 3_000_000 };

test('the host that it is offered to has the file, complete', async () => {
  const place = await offered();
  const path = join(folder, 'copied');
  await fetchFile(place, { ...file, path }, hv2);
  expect(readFileSync(path).equals(readFileSync(join(folder, 'disk')))).toBe(true);
});

test('an empty file is a file', async () => {
  writeFileSync(join(folder, 'empty'), '');
  const place = await offered(join(folder, 'empty'), 0);
  await fetchFile(place, { name: 'disk', bytes: 0, path: join(folder, 'nothing') }, hv2);
  expect(readFileSync(join(folder, 'nothing'))).toHaveLength(0);
});

test.each<[string, () => PeerIdentity, string]>([
  [
    'another host of the cluster',
    () => hv3,
    'the other host is novella:host:hv3, not novella:host:hv2',
  ],
  ['a controller', () => identityOf('URI:novella:controller'), 'novella:controller'],
  [
    'a host of another cluster',
    () => identityOf(`URI:${hostUri('hv2')}`, makeAuthority('cluster')),
    'not of this cluster',
  ],
  [
    'a certificate that has expired',
    () => identityOf(`URI:${hostUri('hv2')}`, cluster, -1),
    'is valid from',
  ],
  [
    'a certificate for two names',
    () => identityOf(`URI:${hostUri('hv2')},URI:${hostUri('hv3')}`),
    'not a host',
  ],
])('%s is refused, with the reason', async (_who, identity, reason) => {
  const path = join(folder, 'refused');
  await expect(fetchFile(await offered(), { ...file, path }, identity())).rejects.toThrow(reason);
  expect(existsSync(path)).toBe(false);
});

test('the host that connects checks who answers', async () => {
  const place = await offered();
  const wrong = dialPeer({ ...place, host: 'hv3' }, 'file disk', hv2);
  await expect(wrong).rejects.toThrow('the other host is novella:host:hv1, not novella:host:hv3');
});

test('another key, another file, a closed offer and another size are refused', async () => {
  const place = await offered();
  await expect(dialPeer({ ...place, key: 'k'.repeat(43) }, 'file disk', hv2)).rejects.toThrow(
    'does not offer or expect that guest any more',
  );
  await expect(dialPeer(place, 'file ../passwd', hv2)).rejects.toThrow('no file ../passwd');
  const path = join(folder, 'other-size');
  await expect(fetchFile(place, { name: 'disk', bytes: 5, path }, hv2)).rejects.toThrow(
    'has 3000000 bytes, was offered with 5',
  );
  await listener.close(place.key);
  await expect(dialPeer(place, 'file disk', hv2)).rejects.toThrow(/is that port open/);
});

test('a file that changes under the copy is found by its checksum', async () => {
  const key = await listener.open({
    peer: 'hv2',
    async serve(_what, socket) {
      socket.end(`ok 1 4\nabcd${'0'.repeat(64)}`);
    },
  });
  open.push(key);
  const place = { host: 'hv1', address: '127.0.0.1', port: listener.port, key };
  const path = join(folder, 'changed');
  await expect(fetchFile(place, { name: 'disk', bytes: 4, path }, hv2)).rejects.toThrow(
    'file disk of the guest was not copied from host hv1: its checksum differs',
  );
  expect(existsSync(path)).toBe(false);
});

test('a host that does not stop sending is cut off', async () => {
  const key = await listener.open({
    peer: 'hv2',
    async serve(_what, socket) {
      socket.write(`ok 1 4\nabcd${'0'.repeat(64)}`);
      const more = setInterval(() => socket.write('more'), 5);
      socket.once('close', () => clearInterval(more));
    },
  });
  open.push(key);
  const place = { host: 'hv1', address: '127.0.0.1', port: listener.port, key };
  const path = join(folder, 'endless');
  await expect(fetchFile(place, { name: 'disk', bytes: 4, path }, hv2)).rejects.toThrow(
    'the other host sends more than that',
  );
  expect(existsSync(path)).toBe(false);
});

test('a host that sends a byte now and then is given up', async () => {
  const key = await listener.open({
    peer: 'hv2',
    async serve(_what, socket) {
      socket.write('ok 1 3000000\n');
      const more = setInterval(() => socket.write('a'), 20);
      socket.once('close', () => clearInterval(more));
    },
  });
  open.push(key);
  const place = { host: 'hv1', address: '127.0.0.1', port: listener.port, key };
  const path = join(folder, 'slow');
  const fetching = fetchFile(place, { ...file, path }, hv2, {
    pace: { bytes: 1_000, ms: 100 },
  });
  await expect(fetching).rejects.toThrow(/\d+ bytes came .+, at least 1000 bytes are required/);
  expect(existsSync(path)).toBe(false);
});

test('an offer that names another host’s address sends that host nothing', async () => {
  const { certificate: cert, key } = hv3;
  const tls = { cert, key, requestCert: true, rejectUnauthorized: false };
  let received = 0;
  const ended = Promise.withResolvers<void>();
  const other = createTlsServer(tls, (socket) => {
    socket.on('data', (part) => (received += part.length)).on('error', () => undefined);
  });
  other.on('connection', (socket) => socket.on('close', () => ended.resolve()));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = other.address() as { port: number };
    const place = { ...(await offered()), port };
    const path = join(folder, 'elsewhere');
    await expect(fetchFile(place, { ...file, path }, hv2)).rejects.toThrow(
      'the other host is novella:host:hv3, not novella:host:hv1',
    );
    await ended.promise;
    expect(received).toBe(0);
  } finally {
    other.close();
  }
});

test('a new connection is answered with the certificate that the host has by now', async () => {
  let own = hv1;
  const renewing = new PeerListener({
    ...{ address: '127.0.0.1', port: 0, identity: async () => own, log: silentLog },
  });
  const key = await renewing.open({
    peer: 'hv2',
    serve: async (_what, socket) => void socket.write('ok 1 -\n'),
  });
  const presented = async () => {
    const to = { host: '127.0.0.1', port: renewing.port, servername: anyPeer };
    const socket = connect({ ...to, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate()?.toString();
    socket.destroy();
    return certificate;
  };
  try {
    expect(await presented()).toBe(hv1.certificate);
    own = ofHost('hv1');
    expect(await presented()).toBe(own.certificate);
  } finally {
    await renewing.close(key);
  }
});

test('connections of strangers that stay open keep no host away', async () => {
  const place = await offered();
  const strangers = Array.from({ length: 90 }, () =>
    connect({
      ...{ host: '127.0.0.1', port: place.port, rejectUnauthorized: false },
      ...{ cert: hv3.certificate, key: hv3.key, allowHalfOpen: true },
    }).on('error', () => undefined),
  );
  try {
    await Promise.all(strangers.map((socket) => once(socket, 'secureConnect')));
    await fetchFile(place, { ...file, path: join(folder, 'beside') }, hv2);
  } finally {
    for (const socket of strangers) socket.destroy();
  }
});

test('a connection that ends early leaves nothing', async () => {
  const key = await listener.open({
    peer: 'hv2',
    async serve(_what, socket) {
      socket.write('ok 1 4\nab');
      socket.end();
    },
  });
  open.push(key);
  const place = { host: 'hv1', address: '127.0.0.1', port: listener.port, key };
  const path = join(folder, 'early');
  await expect(fetchFile(place, { name: 'disk', bytes: 4, path }, hv2)).rejects.toThrow(
    '2 bytes early',
  );
  expect(existsSync(path)).toBe(false);
});

test('without a certificate, without TLS, or without sense nothing is served, and the next host is', async () => {
  const place = await offered();
  const plain = connectPlain(place.port, '127.0.0.1');
  plain.write('GET / HTTP/1.1\r\n\r\n');
  plain.on('error', () => undefined);
  await once(plain, 'close');
  const bare = connect({ host: '127.0.0.1', port: place.port, rejectUnauthorized: false });
  bare.write(openingLine(place.key, 'file disk'));
  const answer: Buffer[] = [];
  for await (const part of bare) answer.push(part as Buffer);
  expect(Buffer.concat(answer).toString()).toBe('no the other host presents no certificate\n');
  await fetchFile(place, { ...file, path: join(folder, 'after') }, hv2);
});

test('nothing listens once nothing is offered', async () => {
  const place = await offered();
  await listener.close(place.key);
  const socket = connectPlain(place.port, '127.0.0.1');
  await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED');
});

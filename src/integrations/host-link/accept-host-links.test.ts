import { request } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { sha256OfToken } from '#runtime/token-hash.ts';
import type { ControllerEnd, ToController } from '#contracts/host/host-link.ts';
import { turnsOfFlood } from '#test/consoles/web-socket-flood.ts';
import { aHostDoor, type TestDoor, type TestDoorOptions } from '#test/worlds/host-links.ts';
import { type RecordedLog, recordedLog } from '#test/recorded-log.ts';
import type { Admission, HostCredential } from '#contracts/host/identity/host-credential.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
});

async function aDoor(options: TestDoorOptions = {}): Promise<TestDoor & { log: RecordedLog }> {
  const log = recordedLog();
  const door = await aHostDoor({ log, ...options });
  opened.push(door);
  return { ...door, log };
}

const path = '/novella/v1/host-link';

/** A peer that sends anything. */
function aPeer(url: string, token = 'good'): WebSocket {
  const peer = new WebSocket(`${url.replace('http', 'ws')}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  peer.on('error', () => {});
  opened.push({ close: async () => peer.terminate() });
  return peer;
}

const isOpen = (peer: WebSocket) => new Promise((resolve) => peer.once('open', resolve));

function endOf(peer: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) =>
    peer.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
}

const report = {
  facts: {
    type: 'QEMU',
    version: 1,
    vcpus: 1,
    memoryMib: 1,
    diskGib: 1,
    cpuModel: 'any',
    architecture: 'x86_64',
  },
  hostIp: '192.0.2.1',
  physicalNetworks: [],
  devices: [],
  guests: [],
};
const hello = { type: 'hello', host: 'host-1', report };

function upgrade(url: string, headers: Record<string, string>, at = path) {
  return new Promise<{ status: number; body: string; headers: object }>((resolve, reject) => {
    const call = request(`${url}${at}`, { headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
      );
    });
    call.on('error', reject);
    call.end();
  });
}

const webSocket = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

const onlyGood = async (credential: HostCredential): Promise<Admission> =>
  credential.kind === 'token' && credential.sha256 === sha256OfToken('good')
    ? { host: 'host-1' }
    : { status: 401, message: 'The token is unknown.' };

test('messages that arrive at once are handled in a turn of the event loop each', async () => {
  const { url } = await aDoor();
  const beat = JSON.stringify({ type: 'heartbeat' });
  const texts = [JSON.stringify(hello), ...Array<string>(99).fill(beat)];
  const turns = await turnsOfFlood(`${url}${path}`, texts, { authorization: 'Bearer good' });
  expect(new Set(turns).size).toBe(100);
});

test.each([
  { given: 'no token', headers: {} },
  { given: 'a wrong token', headers: { authorization: 'Bearer bad' } },
  { given: 'another scheme', headers: { authorization: 'Basic good' } },
])('$given is answered with 401 before any link is made', async ({ headers }) => {
  const door = await aDoor({ admit: onlyGood });
  const answer = await upgrade(door.url, { ...webSocket, ...headers });
  expect(answer).toMatchObject({
    status: 401,
    headers: { 'www-authenticate': 'Bearer realm="novella-host"' },
  });
  expect(JSON.parse(answer.body).error.message).toBe('The token is unknown.');
  expect(door.log.entries).toEqual(['warn a host was refused: The token is unknown.']);
  expect(door.door.linked()).toEqual([]);
});

test('an upgrade elsewhere, or of another kind, is a plain request', async () => {
  const door = await aDoor();
  const elsewhere = await upgrade(door.url, webSocket, '/v2.1/servers');
  const http2 = await upgrade(door.url, { connection: 'Upgrade', upgrade: 'h2c' });
  expect([elsewhere.status, http2.status]).toEqual([404, 404]);
});

test('a request that is not a WebSocket handshake is refused over HTTP', async () => {
  const door = await aDoor();
  const answer = await upgrade(door.url, {
    connection: 'Upgrade',
    upgrade: 'websocket',
    authorization: 'Bearer good',
  });
  expect(answer.status).toBe(400);
});

test('a failing store admits no host', async () => {
  const door = await aDoor({ admit: () => Promise.reject(new Error('disk full')) });
  expect((await upgrade(door.url, webSocket)).status).toBe(503);
});

const wrong = [
  { name: 'invalid JSON', say: '{', code: 4400, reason: 'not JSON' },
  { name: 'no object', say: '7', code: 4400, reason: 'type undefined: no such message' },
  {
    name: 'an unknown message',
    say: JSON.stringify({ type: 'format-disk' }),
    code: 4400,
    reason: 'type "format-disk": no such message',
  },
  {
    name: 'a name that every object has',
    say: JSON.stringify({ type: 'constructor' }),
    code: 4400,
    reason: 'type "constructor": no such message',
  },
  {
    name: 'anything before hello',
    say: JSON.stringify({ type: 'heartbeat' }),
    code: 4400,
    reason: '"heartbeat" before "hello"',
  },
  {
    name: 'a hello for another host',
    say: JSON.stringify({ ...hello, host: 'host-2' }),
    code: 4403,
    reason: 'this is the certificate or token of host host-1, not of host-2',
  },
  {
    name: 'a report with a wrong figure',
    say: JSON.stringify({ ...hello, report: { ...report, facts: { ...report.facts, vcpus: -1 } } }),
    code: 4400,
    reason: 'hello.report.facts.vcpus: must be >= 0',
  },
  {
    name: 'an uptime of two lines',
    say: JSON.stringify({ ...hello, report: { ...report, uptime: 'up\nup' } }),
    code: 4400,
    reason: 'hello.report.uptime: must match pattern',
  },
  {
    name: 'a device with an invalid address',
    say: JSON.stringify({
      ...hello,
      report: { ...report, devices: [{ function: { address: '../..' }, tags: {} }] },
    }),
    code: 4400,
    reason: 'hello.report.devices.0.function',
  },
];

test.each(wrong)(
  '$name ends the link, and the log has the reason',
  async ({ say, code, reason }) => {
    const received: ToController[] = [];
    const door = await aDoor({
      onLink: (end) => end.onMessage((message) => void received.push(message)),
    });
    const peer = aPeer(door.url);
    await isOpen(peer);
    const ended = endOf(peer);
    peer.send(say);
    peer.send(JSON.stringify(hello));
    expect(await ended).toEqual({ code, reason: expect.stringContaining(reason) });
    expect(door.log.entries.at(1)).toContain(`warn link closed: ${reason}`);
    expect(received).toEqual([]);
  },
);

test('binary messages and oversized messages end the link', async () => {
  const door = await aDoor();
  const binary = aPeer(door.url);
  await isOpen(binary);
  const ended = endOf(binary);
  binary.send(Buffer.from('{}'));
  expect((await ended).code).toBe(4400);
  const huge = aPeer(door.url);
  await isOpen(huge);
  const endedToo = endOf(huge);
  huge.send(JSON.stringify({ ...hello, more: 'x'.repeat(17 * 1024 * 1024) }));
  expect((await endedToo).code).toBe(1009);
});

test('keys that this version does not know are dropped', async () => {
  const messages: ToController[] = [];
  const door = await aDoor({
    onLink: (end) => end.onMessage((message) => void messages.push(message)),
  });
  const peer = aPeer(door.url);
  await isOpen(peer);
  peer.send(JSON.stringify({ ...hello, report: { ...report, mood: 'good' }, colour: 'red' }));
  await vi.waitFor(() => expect(messages).toEqual([hello]));
});

test('a second link of a host replaces the first, whose late messages still count', async () => {
  const inbox: string[] = [];
  const ends: ControllerEnd[] = [];
  const door = await aDoor({
    onLink: (end) => {
      const at = ends.push(end);
      end.onMessage(({ type }) => void inbox.push(`${at} ${type}`));
    },
  });
  const first = aPeer(door.url);
  await isOpen(first);
  const ended = endOf(first);
  const second = aPeer(door.url);
  await isOpen(second);
  first.send(JSON.stringify(hello));
  expect(await ended).toEqual({ code: 4409, reason: 'host host-1 has connected again' });
  expect(door.door.linked()).toMatchObject([{ host: 'host-1', address: '127.0.0.1' }]);
  second.send(JSON.stringify(hello));
  await vi.waitFor(() => expect(inbox).toContain('2 hello'));
});

test('a link whose token was revoked is closed at the next check', async () => {
  let isGood = true;
  const admit = async (): Promise<Admission> =>
    isGood ? { host: 'host-1' } : { status: 401, message: 'The token was revoked.' };
  const door = await aDoor({ admit });
  const peer = aPeer(door.url);
  await isOpen(peer);
  await door.door.recheck();
  expect(door.door.linked()).toHaveLength(1);
  isGood = false;
  const ended = endOf(peer);
  await door.door.recheck();
  expect(await ended).toEqual({ code: 4401, reason: 'The token was revoked.' });
  expect(door.door.linked()).toEqual([]);
});

test('a host that falls silent without a close is noticed', async () => {
  const closed = Promise.withResolvers<void>();
  const door = await aDoor({ livenessMs: 20, onLink: (end) => end.onClose(closed.resolve) });
  const peer = aPeer(door.url);
  await isOpen(peer);
  peer.pause();
  await closed.promise;
  expect(door.door.linked()).toEqual([]);
});

test('a closed door closes its links and accepts no more', async () => {
  const door = await aDoor();
  const peer = aPeer(door.url);
  await isOpen(peer);
  const ended = endOf(peer);
  await door.door.close();
  expect((await ended).code).toBe(1000);
  const late = aPeer(door.url);
  await new Promise((resolve) => late.once('close', resolve));
});

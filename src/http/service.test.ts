import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '#test/silent-log.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { createHttpService, type HttpServiceOptions } from './service.ts';
import { listen } from './listen.ts';
import { ComputeError } from '#core/errors.ts';

let filesClosed = 0;
const closers: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A service whose errors are `{"house": {kind, message}}`. Returns its port. */
async function start(
  limits: Partial<ConnectionLimits> = {},
  log: HttpServiceOptions['log'] = silentLog,
): Promise<number> {
  const app = createHttpService({
    log,
    limits,
    toErrorReply: ({ kind, message }) => ({
      status: kind === 'bug' ? 500 : statuses[kind],
      body: { house: { kind, message } },
    }),
    unknownRoute: ({ method, url }) => new ComputeError('notFound', `no ${method} ${url}`),
  } as Parameters<typeof createHttpService>[0]);
  app.get('/', async () => ({ ok: true }));
  app.get('/slow', async () => {
    await setTimeout(300);
    return { ok: true };
  });
  app.get('/file', async () => {
    const bytes = new Readable({ read: () => {} });
    bytes.once('close', () => (filesClosed += 1));
    return bytes;
  });
  app.post('/', async ({ body }) => ({ body }));
  closers.push(() => app.close());
  return listen(app, 'test', '127.0.0.1', 0);
}

const statuses: Record<string, number> = {
  invalid: 400,
  notFound: 404,
  requestTimeout: 408,
  tooLarge: 413,
  badMediaType: 415,
  headersTooLarge: 431,
};

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  closers.push(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All bytes until the service closes the connection. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = await open(port);
  let answer = '';
  socket.on('data', (part) => (answer += String(part)));
  // `once` of events would reject where the service closes before all is sent.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(text);
  await closed;
  return answer;
}

const post = (headers: string, body = '') =>
  `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n\r\n${body}`;
const json = (body: string) =>
  post(`Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`, body);

const chunked = (chunks: string) =>
  post('Content-Type: application/json\r\nTransfer-Encoding: chunked', chunks);

const broken = [
  { name: 'no HTTP', text: 'hello\r\n\r\n', status: 400, kind: 'invalid' },
  {
    name: 'a bad chunk',
    text: post('Content-Type: application/json\r\nTransfer-Encoding: chunked', 'zz\r\n'),
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'both lengths of a body',
    text: post('Content-Length: 4\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'long headers',
    text: post(`X: ${'x'.repeat(20_000)}`),
    status: 431,
    kind: 'headersTooLarge',
  },
  {
    name: 'a long path',
    text: `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    status: 431,
    kind: 'headersTooLarge',
  },
  {
    name: 'a path that is not text',
    text: 'GET /%ff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'a large body',
    text: post('Content-Type: application/json\r\nContent-Length: 2000000', 'x'),
    status: 413,
    kind: 'tooLarge',
  },
  {
    name: 'an unknown content type',
    text: post('Content-Type: text/xml\r\nContent-Length: 1', 'x'),
    status: 415,
    kind: 'badMediaType',
  },
  { name: 'no JSON', text: json('{'), status: 400, kind: 'invalid' },
  { name: 'deep JSON', text: json('['.repeat(500_000)), status: 400, kind: 'invalid' },
  {
    name: 'deep JSON that is whole',
    text: json(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`),
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'JSON of many values',
    text: json(`[${'0,'.repeat(5_000)}0]`),
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'half a surrogate pair',
    text: json('{"a":["x\\ud83d"]}'),
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'the other half, as a key',
    text: json('{"\\\\\\uDE00":1}'),
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'a null character',
    text: json('{"a":[{"b":"\\\\\\u0000"}]}'),
    status: 400,
    kind: 'invalid',
  },
  { name: 'a null character in a key', text: json('{"a\\u0000":1}'), status: 400, kind: 'invalid' },
  {
    name: 'a null character in the path',
    text: 'GET /a%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'a null character in the query',
    text: 'GET /?name=a%00b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'a body in tiny chunks',
    text: chunked('1\r\nx\r\n'.repeat(100_000)),
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'a body that begins well and continues in tiny chunks',
    text: chunked(`1000\r\n${'x'.repeat(4096)}\r\n${'1\r\nx\r\n'.repeat(100_000)}`),
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'a query of many values',
    text: `GET /?${'a&'.repeat(600)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    status: 400,
    kind: 'invalid',
  },
  {
    name: 'an unknown method',
    text: 'PROPFIND / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    status: 404,
    kind: 'notFound',
  },
];

test.each(broken)(
  "$name is refused with the service's own message",
  async ({ text, status, kind }) => {
    const answer = await exchange(await start(), text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/x-openstack-request-id: req-/);
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
    expect(body).toEqual({ house: { kind, message: expect.any(String) } });
  },
);

test.each([
  ['announced', post('Content-Type: application/json\r\nContent-Length: 2000000', 'x'), '2000000'],
  ['in chunks', chunked(`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(17)), 'more than 1048576'],
])('a body over the limit, %s, is refused with its size and the limit', async (_, text, size) => {
  expect(await exchange(await start(), text)).toContain(
    `The request body is too large: it has ${size} bytes, and may have at most 1048576 bytes.`,
  );
});

test('brackets in texts are not levels, and 64 levels are accepted', async () => {
  const port = await start();
  const body = `${'['.repeat(64)}${JSON.stringify(`\\"${'['.repeat(1000)}`)}${']'.repeat(64)}`;
  expect(await exchange(port, json(body))).toMatch(/^HTTP\/1.1 200 /);
});

test('the refusal of a null character names the field, and shows no value', async () => {
  const answer = await exchange(await start(), json('{"a":[{"password":"x\\u0000y"}]}'));
  expect(answer).toContain('"a.0.password: the null character U+0000 cannot be stored."');
});

test.each([
  '"\\ud83d\\ude00"',
  '"\\\\ud83d"',
  '"\\\\\\ud83d\\ude00"',
  '"😀"',
  '"\\\\u0000\\uffff"',
])('the text %s is accepted', async (text) => {
  const answer = await exchange(await start(), json(text));
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).body).toBe(JSON.parse(text));
});

test('a body in chunks is read completely, however many of a normal size it has', async () => {
  const text = 'x'.repeat(500_000);
  const body = JSON.stringify(text);
  const chunks = body.match(/.{1,300}/gs) ?? [];
  const sent = [...chunks, ''].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  const answer = await exchange(await start(), chunked(sent.join('')));
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).toContain(text);
});

const tiny = '1\r\nx\r\n'.repeat(900_000);
const heading = 'HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n';

test.each([
  { name: 'of JSON', text: `POST / ${heading}Content-Type: application/json\r\n\r\n${tiny}` },
  { name: 'that no route reads', text: `GET / ${heading}\r\n${tiny}` },
  {
    name: 'of an unsupported type',
    text: `POST / ${heading}Content-Type: a/b\r\n\r\n${tiny}`,
  },
  { name: 'of an unknown path', text: `POST /nothing ${heading}\r\n${tiny}` },
])('tiny chunks $name cost no time, and the service continues', async ({ text }) => {
  const port = await start();
  const began = process.cpuUsage();
  await exchange(port, text);
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1000).toBeLessThan(1_000);
  expect(await exchange(port, json('{}'))).toMatch(/^HTTP\/1.1 200 /);
});

test('a request without a Host header is served', async () => {
  const text = 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n';
  expect(await exchange(await start(), text)).toMatch(/^HTTP\/1.1 200 /);
});

const slow = [
  { name: 'that sends nothing', text: '' },
  { name: 'with half a header', text: 'GET / HTTP/1.1\r\nHost: a' },
  {
    name: 'with half a body',
    text: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  },
  { name: 'that was answered', text: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' },
];

test.each(slow)(
  'a connection $name is closed in time',
  async ({ text }) => {
    const limits = { headersMs: 200, bodyMs: 200, idleMs: 400, keepAliveMs: 200 };
    const port = await start(limits);
    const socket = await open(port);
    socket.resume();
    socket.write(text);
    await once(socket, 'close');
  },
  60_000,
);

test('a body that comes too slowly, byte by byte, is refused with 408', async () => {
  const port = await start({ bodyMs: 300 });
  const socket = await open(port);
  let answer = '';
  socket.on('data', (part) => (answer += String(part)));
  socket.write(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
  );
  const drip = setInterval(() => socket.write(' '), 20);
  await expect.poll(() => answer, { timeout: 30_000 }).toMatch(/^HTTP\/1.1 408 /);
  clearInterval(drip);
  expect(answer).toContain('"kind":"requestTimeout"');
}, 60_000);

test('a late body that a slow route does not read does no harm', async () => {
  const port = await start({ bodyMs: 100 });
  const text = 'GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 99\r\n\r\n{';
  expect(await exchange(port, text)).toMatch(/^HTTP\/1.1 200 /);
});

test('a client that disconnects before a file is sent is not logged as an error', async () => {
  const lines: { level: number }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const port = await start({}, log);
  const socket = await open(port);
  // With a body that was read to its end, as the framework otherwise counts the request as aborted.
  socket.write(`GET /file ${heading}\r\n0\r\n\r\n`);
  const text = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  await exchange(port, text);
  socket.destroy();
  await expect.poll(() => filesClosed).toBe(1);
  await exchange(port, text);
  expect(lines.filter(({ level }) => level >= 50)).toEqual([]);
});

test('connections beyond the limit are closed, and the others are served', async () => {
  // Nothing but the limit closes one within the test.
  const port = await start({ connections: 20, headersMs: 300_000, idleMs: 300_000 });
  const half = await Promise.all(Array.from({ length: 20 }, () => open(port)));
  for (const socket of half) socket.resume().write('GET / HTTP/1.1\r\nHost:');
  const beyond = await open(port);
  await once(beyond.resume(), 'close');
  const [first] = half;
  let answer = '';
  first?.on('data', (part) => (answer += String(part)));
  first?.write(' a\r\nConnection: close\r\n\r\n');
  await once(first as Socket, 'close');
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  const text = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  await expect.poll(() => exchange(port, text).catch(String)).toMatch(/^HTTP\/1.1 200 /);
}, 60_000);

test('one address leaves connections for others', async () => {
  const port = await start({ connectionsOfAddress: 3 });
  const three = await Promise.all([open(port), open(port), open(port)]);
  const fourth = await open(port);
  await once(fourth.resume(), 'close');
  const other = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  closers.push(() => void other.destroy());
  other.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(String((await once(other, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /);
  three[0].destroy();
  const text = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  await expect.poll(() => exchange(port, text).catch(String)).toMatch(/^HTTP\/1.1 200 /);
});

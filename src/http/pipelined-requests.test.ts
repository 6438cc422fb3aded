import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { loopTurns } from '#test/loop-turns.ts';
import { silentLog } from '#test/silent-log.ts';
import { listen } from './listen.ts';
import { oneAtATime } from './pipelined-requests.ts';
import { createHttpService } from './service.ts';

const closers: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

/** A service that counts the handlers it runs. `GET /held` is answered after `release()`. */
async function start(log = silentLog) {
  const app = createHttpService({
    log,
    toErrorReply: ({ message }) => ({ status: 400, body: { message } }),
    unknownRoute: ({ url }) => new ComputeError('notFound', url),
  });
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const seen = { started: [] as string[], running: 0, most: 0, closed: 0, release };
  app.server.on('connection', (socket: Socket) => {
    socket.once('close', () => (seen.closed += 1));
  });
  app.addHook('onRequest', async ({ url }) => {
    seen.started.push(url);
    seen.running += 1;
    seen.most = Math.max(seen.most, seen.running);
  });
  app.addHook('onResponse', async () => void (seen.running -= 1));
  app.get('/held', async () => released);
  app.get('/large', async () => 'x'.repeat(1024 ** 2));
  app.get('/:name', async ({ url }) => url);
  app.post('/body', async ({ body }) => body);
  closers.push(() => app.close());
  closers.push(() => release());
  const port = await listen(app, 'test', '127.0.0.1', 0);
  return { port, seen };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  closers.push(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that the service sends, once it has `count` responses. */
async function answersOf(socket: Socket, count: number): Promise<string> {
  let text = '';
  socket.on('data', (part) => (text += String(part)));
  await vi.waitFor(() => expect(text.split('HTTP/1.1 ').length - 1).toBe(count), 4_000);
  return text;
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 4_000, interval: 5 });
const aTurn = () => new Promise((resolve) => setImmediate(resolve));

test('pipelined requests are handled one at a time, and answered in their order', async () => {
  const { port, seen } = await start();
  const socket = await open(port);
  const paths = Array.from({ length: 20 }, (_, at) => `/n${at}`);
  socket.write(paths.map((path) => get(path)).join(''));
  const answers = await answersOf(socket, 20);
  expect(seen.most).toBe(1);
  expect(seen.started).toEqual(paths);
  expect([...answers.matchAll(/\/n\d+/g)].map(String)).toEqual(paths);
});

test('bodies of pipelined requests are read in their turn, also one that arrives later', async () => {
  const { port } = await start();
  const socket = await open(port);
  const post = (body: string, length = body.length) =>
    `POST /body HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;
  socket.write(Array.from({ length: 30 }, (_, at) => post(`{"at":${at}}`)).join(''));
  socket.write(post('{"at":', 10));
  const begun = answersOf(socket, 30);
  expect(await begun).toContain('{"at":29}');
  const last = answersOf(socket, 1);
  socket.write('999}');
  expect(await last).toContain('{"at":999}');
});

test('many pipelined requests are read little by little, and all answered', async () => {
  const { port, seen } = await start();
  const socket = await open(port);
  const long = `X-Long: ${'x'.repeat(4_000)}\r\n`;
  socket.write(Array.from({ length: 300 }, (_, at) => get(`/n${at}`, long)).join(''));
  await answersOf(socket, 300);
  expect(seen.most).toBe(1);
});

test('while one request runs, more than 250 that wait close the connection, with a line in the log', async () => {
  const lines: string[] = [];
  const { port, seen } = await start(
    pino({ level: 'warn' }, { write: (line) => lines.push(line) }),
  );
  const socket = await open(port);
  socket.write(get('/held') + get('/n').repeat(1_000));
  await once(socket, 'close');
  seen.release();
  await aTurn();
  expect(seen.started).toEqual(['/held']);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { address: '127.0.0.1', msg: 'closed a connection with too many pipelined requests' },
  ]);
});

test('of what was read at once, nothing past the limit becomes a request', async () => {
  let requests = 0;
  const closed: Socket[] = [];
  const inOrder = oneAtATime(() => {}, { onExcess: (socket) => closed.push(socket) });
  const server = createServer((request, response) => {
    requests += 1;
    inOrder(request, response);
  }).listen(0, '127.0.0.1');
  closers.push(() => void server.close());
  await once(server, 'listening');
  const socket = await open((server.address() as AddressInfo).port);
  socket.write(get('/n').repeat(1_500));
  await once(socket, 'close');
  expect(closed).toHaveLength(1);
  // One runs, 250 wait, and the next closes the connection.
  expect(requests).toBe(252);
});

test('nothing is started for a connection that is closed', async () => {
  const { port, seen } = await start();
  const socket = await open(port);
  socket.write(get('/held') + get('/n').repeat(5));
  await soon(() => expect(seen.started).toEqual(['/held']));
  socket.resetAndDestroy();
  await soon(() => expect(seen.closed).toBe(1));
  seen.release();
  await aTurn();
  await aTurn();
  expect(seen.started).toEqual(['/held']);
});

test('unread responses hold up only their own connection', async () => {
  const { port, seen } = await start();
  const silent = await open(port);
  silent.pause();
  silent.write(get('/large').repeat(90));
  await soon(() => expect(seen.started.length).toBeGreaterThan(1));
  const other = await open(port);
  other.write(get('/n'));
  expect(await answersOf(other, 1)).toContain('/n');
  await aTurn();
  expect(seen.started.length).toBeLessThan(60);
});

test('of all connections one waiting request is started in a turn of the event loop', async () => {
  const loop = loopTurns();
  closers.push(() => loop.stop());
  const turns: number[] = [];
  const first = new Set<Socket>();
  const handle = oneAtATime(
    ({ socket }, response) => {
      if (first.has(socket)) turns.push(loop.now());
      first.add(socket);
      response.end();
    },
    { onExcess: () => {} },
  );
  const server = createServer(handle).listen(0, '127.0.0.1');
  closers.push(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = await Promise.all(Array.from({ length: 4 }, () => open(port)));
  for (const socket of sockets) socket.write(get('/n').repeat(40));
  await Promise.all(sockets.map((socket) => answersOf(socket, 40)));
  expect([turns.length, new Set(turns).size]).toEqual([4 * 39, 4 * 39]);
});

test('requests of other connections come in between', async () => {
  const { port, seen } = await start();
  const [one, other] = [await open(port), await open(port)];
  one.write(get('/a').repeat(50));
  other.write(get('/b').repeat(50));
  await Promise.all([answersOf(one, 50), answersOf(other, 50)]);
  const last = (path: string) => seen.started.lastIndexOf(path);
  expect(Math.min(last('/a'), last('/b'))).toBeGreaterThan(60);
});

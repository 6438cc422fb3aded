import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { RateLimit } from '#runtime/timing/rate-limit.ts';
import { silentLog } from '#test/silent-log.ts';
import { limitCreations } from './creation-limit.ts';
import { listen } from './listen.ts';
import { noteUser } from './request-log.ts';
import { createHttpService } from './service.ts';

let close = async (): Promise<void> => undefined;
afterEach(() => close());

/** A service whose requests are all of one project, with this limit. Returns its port. */
async function start(perMinute: number): Promise<number> {
  const app = createHttpService({
    log: silentLog,
    toErrorReply: ({ kind, message }) => ({
      status: kind === 'tooManyRequests' ? 429 : 500,
      body: { error: { code: 0, message } },
    }),
    unknownRoute: () => new ComputeError('notFound', 'no such path'),
  });
  app.addHook('onRequest', (request, _reply, done) => {
    noteUser(request, { userId: 'u1', projectId: 'p1' });
    done();
  });
  limitCreations(app, { limit: new RateLimit(() => 0), perMinute: () => perMinute, most: 50 });
  app.all('/*', async () => ({}));
  close = () => app.close();
  return listen(app, 'test', '127.0.0.1', 0);
}

/** The status of a POST whose path is sent as it is. */
async function post(port: number, path: string, body: object): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const sent = JSON.stringify(body);
  const headers = ['Host: x', 'Content-Type: application/json', `Content-Length: ${sent.length}`];
  socket.write([`POST ${path} HTTP/1.1`, ...headers, 'Connection: close', '', sent].join('\r\n'));
  return Number((await text(socket)).split(' ')[1]);
}

test.each([
  '/v2.1/servers',
  '/v2.1/servers/?x',
  '/v2.1/server%73',
  '/v2.1/servers#x',
  '/v2.1/servers#/action',
])('three servers by POST %s count as three', async (path) => {
  const port = await start(3);
  const one = { server: { max_count: 3 } };
  expect([await post(port, path, one), await post(port, path, one)]).toEqual([200, 429]);
});

test('actions of servers do not count', async () => {
  const port = await start(1);
  for (let count = 0; count < 3; count += 1) {
    expect(await post(port, '/v2.1/servers/1/action?x', { reboot: {} })).toBe(200);
  }
});

test('a list counts as its length', async () => {
  const port = await start(3);
  const two = { ports: [{}, {}] };
  const path = '/v2.0/ports';
  expect([await post(port, path, two), await post(port, path, two)]).toEqual([200, 429]);
});

test('a request counts as no more than its handler accepts', async () => {
  const port = await start(100);
  const all = { server: { max_count: Number.MAX_SAFE_INTEGER } };
  const replies = [];
  for (let sent = 0; sent < 3; sent += 1) replies.push(await post(port, '/v2.1/servers', all));
  expect(replies).toEqual([200, 200, 429]);
});

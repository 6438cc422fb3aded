/** A toy service whose table has each kind of row. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';

import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '#test/silent-log.ts';
import { ComputeError } from '#core/errors.ts';
import { createHttpService } from '../service.ts';
import { statusOf } from '../status.ts';
import { admits } from './admits.ts';
import { mountRoutes } from './mount.ts';
import { type OpenCall, type Route, withBody } from './route.ts';

interface Given {
  role: string;
  version: number;
}
type ToyRoute = Route<OpenCall & Given> & { from?: number };

const named = Type.Object({ name: Type.String() });
type Name = Static<typeof named>;
const nameBody = {
  schema: () => named,
  read: (body: unknown): Name => {
    if (Check(named, body)) return body;
    throw new ComputeError('invalid', 'name: must be text');
  },
};

const act = { method: 'POST', path: '/things/:id/action', status: 202 } as const;
const routes: readonly ToyRoute[] = [
  {
    method: 'GET',
    path: '/about',
    rule: 'anybody',
    status: 300,
    handler: () => ({ body: 'open' }),
  },
  { method: 'GET', path: '/things', rule: 'reader', handler: ({ query }) => ({ body: query }) },
  {
    method: 'POST',
    path: '/things',
    rule: 'member',
    status: ({ version }) => (version > 1 ? 201 : 200),
    ...withBody(nameBody, ({ body, role }: Omit<OpenCall, 'body'> & Given & { body: Name }) => ({
      body: `${role} makes ${body.name}`,
    })),
  },
  {
    method: 'GET',
    path: '/things/:id',
    rule: ['admin', 'service'],
    headers: { 'x-kind': 'thing' },
    handler: ({ params, origin, path }: OpenCall) => ({ body: { ...params, origin, path } }),
  },
  { method: 'GET', path: '/things/detail', rule: 'reader', handler: () => ({ body: 'all' }) },
  { method: 'DELETE', path: '/things/:id', rule: 'signed-in', status: 204, handler: () => {} },
  { ...act, action: 'start', rule: 'member', handler: () => ({ body: 'started' }) },
  { ...act, action: 'stop', rule: 'admin', handler: () => ({ body: 'stopped' }) },
  { ...act, action: 'new', rule: 'member', from: 2, handler: () => ({ status: 200 }) },
  { ...act, action: 'later', rule: 'member' },
  { method: 'GET', path: '/token', rule: 'signed-in', handler: () => ({}) },
  { method: 'POST', path: '/token', rule: 'anybody', handler: () => ({ body: 'signed in' }) },
];

let app: FastifyInstance;
beforeEach(() => {
  app = createHttpService({
    log: silentLog,
    toErrorReply: ({ kind, message }) => ({ status: statusOf(kind), body: message }),
    unknownRoute: () => new ComputeError('notFound', 'outside'),
  });
  mountRoutes<Given, ToyRoute>(app, {
    prefix: '/v1',
    routes,
    publicUrl: undefined,
    leading: (below) => /^\/project-\d+/.exec(below)?.[0] ?? '',
    accept: async ({ headers }) => {
      const role = headers['x-role'];
      if (typeof role !== 'string') throw new ComputeError('unauthenticated', 'who?');
      return { role, version: Number(headers['x-version'] ?? 1) };
    },
    admits: ({ rule }, { role }) =>
      admits(rule, {
        roles: role === 'member' ? ['member', 'reader'] : [role],
        isAdmin: role === 'admin',
        projectId: 'p',
      }),
    isOffered: ({ from = 1 }, { version }) => version >= from,
    check: (_row, { query }) => {
      if ('bad' in query) throw new ComputeError('invalid', 'bad query');
    },
    unknown: () => new ComputeError('notFound', 'no such thing'),
    forbidden: (_row, { role }) => new ComputeError('forbidden', `not for a ${role}`),
  });
});
afterEach(() => app.close());

interface CallOptions {
  as?: string;
  body?: unknown;
  version?: number;
}

async function ask(call: string, { as, body, version = 1 }: CallOptions = {}) {
  const [method = '', url = ''] = call.split(' ');
  const reply = await app.inject({
    method: method as 'GET',
    url,
    headers: {
      host: 'h:1',
      'x-version': String(version),
      ...(as !== undefined && { 'x-role': as }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && {
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  });
  return { status: reply.statusCode, text: reply.body, headers: reply.headers };
}

const member = { as: 'member' };
const admin = { as: 'admin' };
const rows: [name: string, call: string, options: CallOptions, status: number, text: string][] = [
  ['an open row needs no token', 'GET /v1/about', {}, 300, 'open'],
  ['a row needs a token', 'GET /v1/things', {}, 401, 'who?'],
  [
    'a rule admits the roles that imply it',
    'GET /v1/things?a=1&a=2',
    member,
    200,
    '{"a":["1","2"]}',
  ],
  ['HEAD is a GET', 'HEAD /v1/things', member, 200, ''],
  ['a missing role', 'POST /v1/things', { as: 'reader' }, 403, 'not for a reader'],
  [
    'the role is checked before the body',
    'POST /v1/things',
    { as: 'reader', body: '{' },
    403,
    'not',
  ],
  ['a body is read', 'POST /v1/things', { ...member, body: { name: 'n' } }, 200, 'member makes n'],
  ['a wrong body', 'POST /v1/things', { ...member, body: {} }, 400, 'name: must be text'],
  ['a status by call', 'POST /v1/things', { ...member, body: { name: 'n' }, version: 2 }, 201, ''],
  ['one of several rules', 'GET /v1/things/7', { as: 'service' }, 200, '"id":"7"'],
  ['none of several rules', 'GET /v1/things/7', member, 403, 'not for a member'],
  ['what precedes the path', 'GET /v1/project-5/things/7', admin, 200, '"path":"/things/7"'],
  ['a server before the path', 'GET http://x/v1/things/7', admin, 200, '"path":"/things/7"'],
  ['a slash at the end', 'GET /v1/things/', member, 200, '{}'],
  ['an empty id', 'DELETE /v1/things/', member, 404, 'no such thing'],
  ['any token, and no answer', 'DELETE /v1/things/7', { as: 'nobody' }, 204, ''],
  [
    'the body names the action',
    'POST /v1/things/7/action',
    { ...member, body: { start: 0 } },
    202,
    'started',
  ],
  [
    'an action has its own rule',
    'POST /v1/things/7/action',
    { ...member, body: { stop: 0 } },
    403,
    '',
  ],
  ['an action is one key', 'POST /v1/things/7/action', { ...member, body: {} }, 400, 'has 0'],
  [
    'an unknown action',
    'POST /v1/things/7/action',
    { ...member, body: { x: 0 } },
    400,
    'action: x',
  ],
  [
    'an action of later versions',
    'POST /v1/things/7/action',
    { ...member, body: { new: 0 } },
    404,
    '',
  ],
  [
    'an action in its version',
    'POST /v1/things/7/action',
    { ...member, body: { new: 0 }, version: 2 },
    200,
    '',
  ],
  [
    'known, but not offered',
    'POST /v1/things/7/action',
    { ...member, body: { later: 0 } },
    501,
    'not supported',
  ],
  ['a refusal of the service itself', 'GET /v1/things?bad', member, 400, 'bad query'],
  ['a fixed path', 'GET /v1/things/detail', member, 200, 'all'],
  ['a fixed path is an id where it lacks the method', 'DELETE /v1/things/detail', member, 204, ''],
  ['no such path', 'GET /v1/nothing', member, 404, 'no such thing'],
  ['a path outside of the prefix', 'GET /v2/things', member, 404, 'outside'],
];

test.each(rows)('%s: %s', async (...[, call, options, status, text]) => {
  const reply = await ask(call, options);
  expect([reply.status, reply.text]).toEqual([status, expect.stringContaining(text)]);
});

test('another method of a known path is 405 and names the allowed ones', async () => {
  const reply = await ask('PATCH /v1/things', member);
  expect(reply).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
  expect(reply.text).toBe('PATCH is not a method of /things; it has GET, POST.');
  expect((await ask('PATCH /v1/things')).status).toBe(401);
});

test('a path that lacks the method in both of its ways names the methods of the fixed one', async () => {
  const reply = await ask('PATCH /v1/things/detail', member);
  expect(reply).toMatchObject({ status: 405, headers: { allow: 'GET' } });
  expect(reply.text).toContain('not a method of /things/detail');
});

test('a path with an open row shows its methods to every caller', async () => {
  expect(await ask('PUT /v1/token')).toMatchObject({
    status: 405,
    headers: { allow: 'GET, POST' },
  });
  expect((await ask('GET /v1/token')).status).toBe(401);
  expect((await ask('POST /v1/token')).text).toBe('signed in');
});

test('headers of a row are those of its answers, not of a refused token', async () => {
  expect((await ask('GET /v1/things/7', admin)).headers['x-kind']).toBe('thing');
  expect((await ask('GET /v1/things/7')).headers['x-kind']).toBeUndefined();
});

test('the engine mounts a table as one route', () => {
  expect(
    app
      .printRoutes()
      .split('\n')
      .filter((line) => line.includes('(')),
  ).toHaveLength(1);
});

test('a row that takes a body shows its schema', () => {
  const taken = routes.filter(({ body }) => body !== undefined);
  expect(taken.map(({ path, body }) => [path, body?.(1)])).toEqual([['/things', named]]);
});

test('a fragment in a URL is ignored', async () => {
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  for (const path of ['/v1/things#%ff', '/v1/things#?bad', '/v1/things?a=1#/7']) {
    const headers = { 'x-role': 'member' };
    const request = get({ host: '127.0.0.1', port, path, headers, agent: false });
    const [reply] = (await once(request, 'response')) as [IncomingMessage];
    reply.resume();
    expect([path, reply.statusCode]).toEqual([path, 200]);
  }
});

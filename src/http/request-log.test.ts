import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { noteUser } from './request-log.ts';
import { createHttpService } from './service.ts';

test('what a service takes for a secret in a path is not logged', async () => {
  const lines: string[] = [];
  const app = createHttpService({
    log: pino({}, { write: (line: string) => void lines.push(line) }),
    toErrorReply: ({ message }) => ({ status: 404, body: message }),
    unknownRoute: () => new ComputeError('notFound', 'no such route'),
    withoutSecrets: (path) => path.replace('secret', '…'),
  });
  await app.inject({ method: 'GET', url: '/tokens/secret' });
  expect(lines).toEqual([expect.stringContaining('"msg":"GET /tokens/… 404"')]);
  expect(lines.join('')).not.toContain('secret');
  await app.close();
});

test('each request leaves one line, with its user and without query, body or token', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const app = createHttpService({
    log,
    toErrorReply: ({ message }) => ({ status: 404, body: message }),
    unknownRoute: () => new ComputeError('notFound', 'no such route'),
  });
  app.post('/servers', async (request) => {
    noteUser(request, { userId: 'u1', projectId: 'p1' });
    return {};
  });
  const headers = { 'x-auth-token': 'secret-token' };
  const payload = { adminPass: 'secret-pass' };
  const reply = await app.inject({ method: 'POST', url: '/servers?k=secret-q', headers, payload });
  await app.inject({ method: 'GET', url: '/nothing' });
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({
    level: 30,
    msg: 'POST /servers 200',
    method: 'POST',
    path: '/servers',
    status: 200,
    ms: expect.any(Number),
    requestId: reply.headers['x-openstack-request-id'],
    user: 'u1',
    project: 'p1',
  });
  expect(lines[1]).toMatchObject({ msg: 'GET /nothing 404' });
  expect(lines[1]).not.toHaveProperty('user');
  expect(JSON.stringify(lines)).not.toContain('secret');
  await app.close();
});

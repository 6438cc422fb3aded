import { expect, test } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { silentLog } from '#test/silent-log.ts';
import { mountHealth } from './health.ts';
import { createHttpService } from './service.ts';

test('healthcheck and readyz answer by the check, livez always', async () => {
  const app = createHttpService({
    log: silentLog,
    toErrorReply: () => ({ status: 404, body: {} }),
    unknownRoute: () => new ComputeError('notFound', 'no such route'),
  });
  let problem: string | undefined;
  mountHealth(app, async () => problem);
  const get = async (url: string) => {
    const { statusCode, body, headers } = await app.inject({ method: 'GET', url });
    expect(headers['cache-control']).toBe('no-store');
    return `${statusCode} ${body}`;
  };
  expect(await get('/healthcheck')).toBe('200 OK');
  problem = 'disk full';
  expect(await get('/healthcheck')).toBe('503 disk full');
  expect(await get('/readyz')).toBe('503 disk full');
  expect(await get('/livez')).toBe('200 OK');
  expect((await app.inject({ method: 'HEAD', url: '/healthcheck' })).statusCode).toBe(503);
  await app.close();
});

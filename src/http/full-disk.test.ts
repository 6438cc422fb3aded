import { expect, test } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { silentLog } from '#test/silent-log.ts';
import { refuseWithoutRoom } from './full-disk.ts';
import { createHttpService } from './service.ts';

test('without disk space only reads, deletes and sign-ins are answered, and the latter two use the reserve', async () => {
  const app = createHttpService({
    log: silentLog,
    toErrorReply: ({ kind, message }) => ({
      status: kind === 'unavailable' ? 503 : 500,
      body: message,
    }),
    unknownRoute: () => new ComputeError('notFound', 'no such route'),
  });
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
  for (const url of ['/v3/auth/tokens', '/v2.1/servers']) {
    app.route({ method: [...methods], url, handler: async () => 'done' });
  }
  let short: () => boolean = () => true;
  let released = 0;
  const release = () => void (released += 1);
  refuseWithoutRoom(app, { isShort: () => short(), release });
  const answers = async (url: string) => {
    const replies = await Promise.all(methods.map((method) => app.inject({ method, url })));
    return replies.map(({ statusCode }) => statusCode);
  };
  expect(await answers('/v2.1/servers?x=/auth/tokens')).toEqual([200, 503, 503, 503, 200]);
  expect(released).toBe(1);
  expect(await answers('/v3/auth/tokens/')).toEqual([200, 200, 503, 503, 200]);
  expect(released).toBe(3);
  const refused = await app.inject({ method: 'PUT', url: '/v2.1/servers' });
  expect(refused.body).toContain('The disk of this service is full');
  short = () => false;
  expect(await answers('/v2.1/servers')).toEqual([200, 200, 200, 200, 200]);
  short = () => {
    throw new Error('no such folder');
  };
  expect(await answers('/v2.1/servers')).toEqual([200, 200, 200, 200, 200]);
  expect(released).toBe(3);
  await app.close();
});

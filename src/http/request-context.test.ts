import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inProcessWakeup } from '#integrations/wakeup/in-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { currentRequest } from '#runtime/messages/current-request.ts';
import { createHttpService } from './service.ts';

test('the current request is visible in its own async work, but not in work that it wakes', async () => {
  const app = createHttpService({
    log: silentLog,
    toErrorReply: () => ({ status: 500, body: {} }),
    unknownRoute: () => {
      throw new Error('no such route');
    },
  });
  const wakeup = inProcessWakeup();
  const woken: unknown[] = [];
  wakeup.listen('tasks', () => woken.push(currentRequest()?.requestId));
  app.all('/', async () => {
    wakeup.notify('tasks');
    await pause(1);
    return { id: currentRequest()?.requestId };
  });
  for (const method of ['GET', 'POST'] as const) {
    const payload = method === 'POST' ? { payload: { a: 1 } } : {};
    const reply = await app.inject({ method, url: '/', ...payload });
    expect(reply.json().id).toBe(reply.headers['x-openstack-request-id']);
  }
  expect(woken).toEqual([undefined, undefined]);
  expect(currentRequest()?.requestId).toBeUndefined();
  await app.close();
});

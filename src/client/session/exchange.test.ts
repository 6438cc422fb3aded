/** Services that answer too late, or not to the end. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { exchange } from './exchange.ts';

let server: Server | undefined;
afterEach(() => {
  vi.restoreAllMocks();
  server?.closeAllConnections();
  server?.close();
});

/** The error of an exchange with this service. */
async function failureWith(listener: RequestListener) {
  const mine = createServer(listener);
  server = mine;
  await new Promise<void>((resolve) => {
    mine.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(mine.address() as AddressInfo).port}`;
  const { kind, message } = await exchange('compute', url, { method: 'GET' }).then(
    () => expect.unreachable('the exchange succeeds'),
    (error) => error,
  );
  return { kind, message: message.replace(url, 'URL') };
}

test('an answer that breaks off is named, and can be tried again', async () => {
  const failure = await failureWith((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  });
  expect(failure).toEqual({
    kind: 'unavailable',
    message: 'compute: URL: the answer broke off (connection closed); try again',
  });
});

test('a service without an answer is named with the time that was waited', async () => {
  const late = new AbortController();
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(late.signal);
  const failure = await failureWith(() => late.abort(new DOMException('late', 'TimeoutError')));
  expect(failure).toEqual({
    kind: 'unavailable',
    message:
      'compute: URL: no answer within 60 s; is "novella up" running, and is the address right?',
  });
});

test('an answer whose end is late is named so', async () => {
  const late = new AbortController();
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(late.signal);
  const real = fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (...given) => {
    const reply = await real(...given);
    late.abort(new DOMException('late', 'TimeoutError'));
    return reply;
  });
  const failure = await failureWith((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
  });
  expect(failure.message).toMatch(/^compute: URL: no entire answer within 60 s; /);
});

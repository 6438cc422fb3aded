import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ReturningHosts } from './returning-hosts.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Has it settled by now? */
async function isSettled({ settled }: ReturningHosts): Promise<boolean> {
  return Promise.race([settled.then(() => true), Promise.resolve().then(() => false)]);
}

test('work continues at once where no host is waited for', async () => {
  const none = new ReturningHosts([]);
  await none.settled;
  expect(vi.getTimerCount()).toBe(0);
});

test('work continues when the last of the hosts is back', async () => {
  const hosts = new ReturningHosts(['hv1', 'hv2']);
  hosts.reported('hv1');
  hosts.reported('a new one');
  expect(await isSettled(hosts)).toBe(false);
  hosts.reported('hv2');
  await hosts.settled;
  expect(vi.getTimerCount()).toBe(0);
});

test('a host that does not come back is not waited for longer than an agent pauses', async () => {
  const hosts = new ReturningHosts(['hv1']);
  vi.advanceTimersByTime(4_000);
  expect(await isSettled(hosts)).toBe(false);
  vi.advanceTimersByTime(1_000);
  await hosts.settled;
});

/** The fleet as events change it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { applyEvents, forgetFleet, hosts, readFleet } from './fleet.ts';

const host = (name: string, zone = 'nova') => ({ name, zone });
const event = (type: string, data: object, id = '') => ({ type, data: JSON.stringify(data), id });
const shown = () => hosts.value?.map(({ name, zone }) => `${name} ${zone}`);
const snapshot = (...names: string[]) =>
  Response.json({ change: 1, hosts: names.map((name) => host(name)) });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  forgetFleet();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('changes that come together are shown together, the newest of each host', async () => {
  vi.stubGlobal('fetch', async () => snapshot('b', 'd'));
  await readFleet();
  const before = hosts.value;
  let changes = 0;
  const stop = hosts.subscribe(() => (changes += 1));
  applyEvents([event('host', host('b', 'x')), event('host', host('c'))]);
  applyEvents([event('host', host('b', 'west')), event('host', host('a'))]);
  applyEvents([event('removed', { name: 'd' }), event('removed', { name: 'none' })]);
  expect(hosts.value).toBe(before);
  vi.advanceTimersByTime(100);
  expect(shown()).toEqual(['a nova', 'b west', 'c nova']);
  // The first is what a subscriber is given at once.
  expect(changes).toBe(2);
  expect(before?.map(({ zone }) => zone)).toEqual(['nova', 'nova']);
  applyEvents([event('host', host('c', 'east'))]);
  vi.advanceTimersByTime(100);
  expect(shown()).toEqual(['a nova', 'b west', 'c east']);
  stop();
});

test('a snapshot that is on its way has what changes meanwhile', async () => {
  let answer: (reply: Response) => void = () => undefined;
  vi.stubGlobal('fetch', () => new Promise((resolve) => (answer = resolve)));
  const read = readFleet();
  expect(applyEvents([event('host', host('a', 'west')), event('reset', {}, '7')])).toBe(true);
  vi.advanceTimersByTime(100);
  expect(shown()).toBeUndefined();
  answer(snapshot('a', 'b'));
  await read;
  expect(shown()).toEqual(['a west', 'b nova']);
});

import { expect, test } from 'vitest';
import { waitFor } from './wait-for.ts';

test('it polls until the condition holds, and returns the last value', async () => {
  let polls = 0;
  const poll = async () => {
    polls += 1;
    return { done: polls === 3, value: polls };
  };
  expect(await waitFor('three looks', poll, { limitMs: 60_000, pauseMs: 0 })).toBe(3);
});

test.each([
  { value: { status: 'BUILD' }, seen: '{"status":"BUILD"}' },
  { value: undefined, seen: 'nothing' },
])('after the time-out it names the last value: $seen', async ({ value, seen }) => {
  const poll = async () => ({ done: false, value });
  const waited = waitFor('server web to be ACTIVE', poll, { limitMs: 0, pauseMs: 0 });
  await expect(waited).rejects.toMatchObject({
    kind: 'unavailable',
    message: `waited 0 s for server web to be ACTIVE; last seen: ${seen}`,
  });
});

test('an error of a poll ends it', async () => {
  const poll = () => Promise.reject(new Error('away'));
  await expect(waitFor('nothing', poll)).rejects.toThrow('away');
});

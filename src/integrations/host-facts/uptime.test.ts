import { expect, test } from 'vitest';
import { readUptime } from './uptime.ts';

const line = ' 08:32:11 up 93 days, 18:25, 12 users,  load average: 0.20, 0.12, 0.14';

test('the uptime of a machine is the output of its program', async () => {
  const requests: (readonly string[])[] = [];
  const run = async (command: readonly string[]) => {
    requests.push(command);
    return `${line}\n`;
  };
  expect(await readUptime(run)).toBe(line);
  expect(requests).toEqual([['uptime']]);
});

test.each(['', 'uptime: not today\n', `${line}${' '.repeat(300)}x\n`])(
  'a program that prints something else gives no uptime: %j',
  async (printed) => {
    expect(await readUptime(async () => printed)).toBeUndefined();
  },
);

test('a machine without the program has no uptime', async () => {
  const run = () => Promise.reject(new Error('spawn uptime ENOENT'));
  expect(await readUptime(run)).toBeUndefined();
});

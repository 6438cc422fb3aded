import { expect, test } from 'vitest';
import { simulatedUptime, uptimeLine } from './uptime.ts';

const at = new Date(2026, 0, 2, 8, 32, 11);
const load = [0.2, 0.125, 3];

test.each([
  [59, ' 08:32:11 up 0 min,  0 users,  load average: 0.20, 0.13, 3.00'],
  [7_500, ' 08:32:11 up  2:05,  0 users,  load average: 0.20, 0.13, 3.00'],
  [86_400 + 600, ' 08:32:11 up 1 day, 10 min,  0 users,  load average: 0.20, 0.13, 3.00'],
  [3 * 86_400 + 45_240, ' 08:32:11 up 3 days, 12:34,  0 users,  load average: 0.20, 0.13, 3.00'],
])('a simulated host that is up for %i seconds', (seconds, line) => {
  expect(uptimeLine(at, seconds, load)).toBe(line);
});

test('its line is one that the stock client can parse', async () => {
  const form = /\s*(.+)\sup\s+(.+),\s+(.+)\susers?,\s+load average:\s(.+)/;
  expect(await simulatedUptime()).toMatch(form);
});

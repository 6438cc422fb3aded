import { expect, test } from 'vitest';
import { hoursIn, sumOfUsage } from './usage.ts';

const hour = 3_600_000;
const period = { from: 10 * hour, until: 20 * hour };

test.each([
  { launched: 0, terminated: null, hours: 10 },
  { launched: 12, terminated: null, hours: 8 },
  { launched: 12, terminated: 15, hours: 3 },
  { launched: 0, terminated: 15, hours: 5 },
  { launched: 0, terminated: 9, hours: 0 },
  { launched: 19, terminated: 30, hours: 1 },
  { launched: 21, terminated: null, hours: 0 },
])(
  'from $launched to $terminated: $hours hours between 10 and 20',
  ({ launched, terminated, hours }) => {
    const terminatedAt = terminated === null ? null : terminated * hour;
    expect(hoursIn({ launchedAt: launched * hour, terminatedAt }, period)).toBe(hours);
  },
);

test('sizes count by the hour', () => {
  const small = { vcpus: 1, memoryMib: 512, diskGib: 1, hours: 4 };
  const large = { vcpus: 2, memoryMib: 2048, diskGib: 20, hours: 3 };
  expect(sumOfUsage([small, large])).toEqual({
    hours: 7,
    vcpus: 10,
    memoryMib: 8192,
    diskGib: 64,
  });
  expect(sumOfUsage([])).toEqual({ hours: 0, vcpus: 0, memoryMib: 0, diskGib: 0 });
});

import { expect, test } from 'vitest';
import { ComputeError } from '../../errors.ts';
import { clockProblems, mostClockDifferenceMs, refuseFailed } from './preflight.ts';

test('a host that passes is not refused; every failed check is in the message of one that does not', () => {
  refuseFailed('hostb', []);
  const failed = [
    { check: 'mtu', why: 'enp1s0 has 1500' },
    { check: 'cpu', why: 'no avx512f' },
  ] as const;
  expect(() => refuseFailed('hostb', failed)).toThrow(
    new ComputeError('unavailable', 'pre-flight on hostb: mtu: enp1s0 has 1500; cpu: no avx512f'),
  );
});

const limit = mostClockDifferenceMs;
test.each([
  { name: 'equal', clock: 1_000_000, answered: 1_000_000, why: null },
  { name: 'ahead within the limit', clock: 1_000_000 + limit, answered: 1_000_000, why: null },
  { name: 'behind within the limit', clock: 1_000_000 - limit, answered: 1_000_000, why: null },
  { name: 'read during a slow answer', clock: 1_008_000, answered: 1_010_000, why: null },
  {
    name: 'ahead',
    clock: 1_000_001 + limit,
    answered: 1_000_000,
    why: 'host hosta is 5.0 s ahead, at most 5 s are allowed: synchronize both clocks (NTP)',
  },
  {
    name: 'behind, however slow the answer',
    clock: 993_000,
    answered: 1_020_000,
    why: 'host hosta is 7.0 s behind, at most 5 s are allowed: synchronize both clocks (NTP)',
  },
])('a clock that is $name', ({ clock, answered, why }) => {
  const failed = clockProblems('hosta', { clock, asked: 1_000_000, answered });
  expect(failed).toEqual(why === null ? [] : [{ check: 'clock', why }]);
});

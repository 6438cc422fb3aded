import { expect, test } from 'vitest';
import { moment } from './moment.ts';

test.each([
  [1_796_037_600_000, '2026-11-30T11:20:00Z'],
  [Number.NaN, 'an unknown time'],
])('%d is shown as %s', (ms, text) => {
  expect(moment(ms)).toBe(text);
});

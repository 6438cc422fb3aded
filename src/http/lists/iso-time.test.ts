import { expect, test } from 'vitest';
import { isoTime } from './iso-time.ts';

const minute = 60_000;

test.each([
  0,
  -1,
  1_700_000_000_123,
  1_700_000_000_123.9,
  -0.5,
  -minute,
  -minute - 0.5,
  -minute - 1,
  minute - 1,
  Date.UTC(2028, 1, 29, 23, 59, 59, 999),
  Date.UTC(10_000, 0, 1),
  Date.UTC(-1, 11, 31),
  8.64e15,
  -8.64e15,
])('%d is written as by Date', (ms) => {
  expect(isoTime(ms)).toBe(new Date(ms).toISOString());
  expect(isoTime(ms)).toBe(new Date(ms).toISOString());
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, -8.64e15 - 1])(
  '%d is no time',
  (ms) => {
    expect(() => isoTime(ms)).toThrow(RangeError);
  },
);

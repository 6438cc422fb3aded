import { expect, test } from 'vitest';
import { readRange } from './byte-range.ts';

test.each([
  ['bytes=2-4', { start: 2, end: 4 }],
  ['bytes=7-', { start: 7, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=0-99', { start: 0, end: 9 }],
  ['Bytes = 9 - 9', { start: 9, end: 9 }],
  [undefined, undefined],
])('of 10 bytes %s is %j', (header, range) => {
  expect(readRange(header, 10)).toEqual(range);
});

test.each([
  ['bytes=10-', 10, 'rangeNotSatisfiable'],
  ['bytes=4-2', 10, 'rangeNotSatisfiable'],
  ['bytes=-', 10, 'rangeNotSatisfiable'],
  ['bytes=-0', 10, 'rangeNotSatisfiable'],
  ['bytes=0-0', 0, 'rangeNotSatisfiable'],
  ['lines=1-2', 10, 'rangeNotSatisfiable'],
  ['', 10, 'rangeNotSatisfiable'],
  ['bytes=0-1,4-5', 10, 'invalid'],
])('%s of %i bytes is refused', (header, size, kind) => {
  expect(() => readRange(header, size)).toThrow(expect.objectContaining({ kind }));
});

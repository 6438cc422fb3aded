import { expect, test } from 'vitest';
import { median, percentile, ratios, spread } from './statistics.ts';

test('the median is the middle, of an even number the upper middle', () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(3);
  expect(() => median([])).toThrow('percentile of nothing');
});

test('a percentile counts in the order of size, and ends with the largest', () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(percentile(values, 0.99)).toBe(100);
  expect(percentile(values, 0.5)).toBe(51);
  expect(percentile([10, 9], 1)).toBe(10);
});

test('a spread has the median and both ends', () => {
  expect(spread([3, 1, 2.00049])).toMatchObject({ value: 2.00049, min: 1, max: 3, runs: 3 });
});

test('ratios are of the same run', () => {
  expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
  expect(() => ratios([1], [])).toThrow('unequal');
});

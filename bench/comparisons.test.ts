import { expect, test } from 'vitest';
import { comparisons } from './comparisons.ts';

const rate = (value: number, more: Record<string, string | number> = {}) => ({
  ...{ figure: 'boots.serial_per_s', value, unit: 'boots/s', load: value, min: 0, ...more },
});

test('a figure is compared round by round', () => {
  expect(
    comparisons([[rate(10)], [rate(20)], [rate(10)]], [[rate(20)], [rate(20)], [rate(40)]]),
  ).toEqual([
    {
      ...{ figure: 'boots.serial_per_s', unit: 'boots/s', before: 10, after: 20 },
      ...{ ratio: 2, least: 1, most: 4, rounds: 3 },
    },
  ]);
});

test('figures differ by their details, and one that the other lacks is left out', () => {
  const before = [[rate(10, { hosts: 1 }), rate(1, { hosts: 2 })]];
  const after = [[rate(1, { hosts: 2 }), rate(30, { hosts: 1 }), rate(5, { hosts: 3 })]];
  expect(comparisons(before, after)).toMatchObject([
    { hosts: 2, ratio: 1 },
    { hosts: 1, ratio: 3 },
  ]);
});

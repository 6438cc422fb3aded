import { expect, test } from 'vitest';
import { seconds } from './duration.ts';

test.each([
  ['90s', 90],
  ['30m', 1_800],
  ['2h', 7_200],
  ['1d', 86_400],
])('%s is %i seconds', (text, gives) => expect(seconds(text)).toBe(gives));

test.each(['', '30', 'm', '-1m', '1.5h', '30 m', '1w'])('"%s" is refused', (text) => {
  expect(() => seconds(text)).toThrow('must be a number with a unit');
});

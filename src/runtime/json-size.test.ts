import { expect, test } from 'vitest';
import { excessOf } from './json-size.ts';

const bounds = { levels: 3, values: 4 };

test.each([
  { text: '[[[1,2,3,4]]]', excess: undefined },
  { text: '{"a":"[[[[,,,,,\\"[[[[,,,,,"}', excess: undefined },
  { text: '[[[[1]]]]', excess: 'is nested deeper than 3 levels' },
  { text: '[1,2,3,4,5]', excess: 'has more than 4 values' },
  { text: '[[[]],[[]]]', excess: 'has more than 4 values' },
  { text: '"no end,,,,,', excess: undefined },
])('$text: $excess', ({ text, excess }) => {
  expect(excessOf(text, bounds)).toBe(excess);
});

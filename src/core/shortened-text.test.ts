import { expect, test } from 'vitest';
import { shortenedText } from './shortened-text.ts';

test.each([
  { name: 'a short text stays', given: 'abcd', gives: 'abcd' },
  { name: 'a long one is cut, and shows it', given: 'abcde', gives: 'abc…' },
  { name: 'a pair of code units is not split', given: 'ab\u{1f600}de', gives: 'ab…' },
  { name: 'a pair that fits stays', given: 'a\u{1f600}cd', gives: 'a\u{1f600}…' },
])('$name', ({ given, gives }) => {
  expect(shortenedText(given, 4)).toBe(gives);
});

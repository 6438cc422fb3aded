import { expect, test } from 'vitest';
import { tailLines } from './console-tail.ts';

test.each([
  { lines: null, gives: 'a\nb\nc\n' },
  { lines: 0, gives: '' },
  { lines: 1, gives: '' },
  { lines: 2, gives: 'c\n' },
  { lines: 4, gives: 'a\nb\nc\n' },
  { lines: 100, gives: 'a\nb\nc\n' },
])('the last $lines lines of a log', ({ lines, gives }) => {
  expect(tailLines('a\nb\nc\n', lines)).toBe(gives);
});

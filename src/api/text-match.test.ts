import { expect, test } from 'vitest';
import { textMatch } from './text-match.ts';

const matches = [
  { pattern: 'web', text: 'my-web-1', gives: true },
  { pattern: '^web$', text: 'web-1', gives: false },
  { pattern: '^WEB', text: 'web-1', gives: true },
  { pattern: 'w.b-[0-9]+$', text: 'wub-12', gives: true },
  { pattern: '^a\\.b$', text: 'axb', gives: false },
  { pattern: 'web|db', text: 'db-1', gives: true },
  { pattern: '\\(1\\)', text: 'web (1)', gives: true },
];

test.each(matches)('patterns: $pattern on "$text" is $gives', ({ pattern, text, gives }) => {
  expect(textMatch('name', pattern)(text)).toBe(gives);
});

const refused = [
  { name: 'groups, which can take for ever', pattern: '^(a+)+$' },
  { name: 'many repeats', pattern: 'a*a*a*a*a*b' },
  { name: 'what is no expression', pattern: '[z-a]' },
  { name: 'long ones', pattern: 'a'.repeat(256) },
];

test.each(refused)('patterns: $name are refused, naming the field', ({ pattern }) => {
  expect(() => textMatch('name', pattern)).toThrow(/query parameters name\. Value:/);
});

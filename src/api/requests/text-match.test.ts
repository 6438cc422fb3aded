import { array, assert, constantFrom, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { textMatch } from './text-match.ts';

const matches = [
  { pattern: 'web', text: 'my-web-1', gives: true },
  { pattern: '^web$', text: 'web-1', gives: false },
  { pattern: '^WEB', text: 'web-1', gives: true },
  { pattern: 'w.b-[0-9]+$', text: 'wub-12', gives: true },
  { pattern: '^a\\.b$', text: 'axb', gives: false },
  { pattern: 'web|db', text: 'db-1', gives: true },
  { pattern: '^(web|db)-\\d+$', text: 'db-1', gives: true },
  { pattern: '^(?:web|db)-\\d+$', text: 'cache-1', gives: false },
  { pattern: '(ab){2}', text: 'xababx', gives: true },
  { pattern: '\\(1\\)', text: 'web (1)', gives: true },
  { pattern: '', text: 'anything', gives: true },
  { pattern: '世.$', text: 'a世界', gives: true },
];

test.each(matches)('patterns: $pattern on "$text" is $gives', ({ pattern, text, gives }) => {
  expect(textMatch('name', pattern)(text)).toBe(gives);
});

const refused = [
  { name: 'an invalid expression', pattern: '[z-a]', rule: /must be a regular expression/ },
  { name: 'an open group', pattern: '(a', rule: /must be a regular expression/ },
  { name: 'back-references', pattern: '(a)\\1', rule: /must be a regular expression/ },
  { name: 'look-around', pattern: '(?=a)', rule: /must be a regular expression/ },
  { name: 'long ones', pattern: 'a'.repeat(256), rule: /at most 255 characters/ },
  { name: 'large repeats', pattern: 'a{1000}', rule: /too large/ },
  { name: 'repeats of repeats', pattern: '(.{1,100}){1,10}z', rule: /too large/ },
  { name: 'repeats beyond the limit', pattern: '(a{1000}){1000}', rule: /too large/ },
  {
    name: 'nested groups',
    pattern: `${'('.repeat(20)}x${'{2})'.repeat(20)}`,
    rule: /too large/,
  },
  { name: 'deep groups', pattern: '('.repeat(254), rule: /regular expression/ },
];

test.each(refused)('patterns: $name are refused, naming the field', ({ pattern, rule }) => {
  expect(() => textMatch('name', pattern)).toThrow(/query parameters name\. Value:/);
  expect(() => textMatch('name', pattern)).toThrow(rule);
});

test.each([
  '.{0,1000}'.repeat(28),
  '[a-z]{0,999}'.repeat(21),
  '(((a{10}){10}){10})'.repeat(13),
  '\\pL{1000}'.repeat(28),
])('patterns: %s is refused before it is expanded', (pattern) => {
  const began = process.cpuUsage();
  for (let at = 0; at < 100; at += 1) {
    expect(() => textMatch('name', pattern)).toThrow(/too large/);
  }
  expect(process.cpuUsage(began).user).toBeLessThan(100 * 20_000);
});

test.each([
  { name: 'escapes', pattern: `[${'\\a'.repeat(127)}` },
  { name: 'named classes', pattern: `[${'[:a:'.repeat(63)}` },
  { name: 'classes in classes', pattern: '['.repeat(255) },
  { name: 'a last escape', pattern: `[${'\\a'.repeat(126)}\\` },
])('patterns: a class of $name that does not end is refused at once', ({ pattern }) => {
  const began = process.cpuUsage();
  expect(() => textMatch('name', pattern)).toThrow(/must be a regular expression/);
  expect(process.cpuUsage(began).user).toBeLessThan(100_000);
});

const name = 'a'.repeat(255);
const hostile = [
  { pattern: 'a*a*a*a*b', gives: false },
  { pattern: '(a+)+$', gives: true },
  { pattern: '(a|aa)+b', gives: false },
  { pattern: '((a*)*)*b', gives: false },
  { pattern: '(.*)(.*)(.*)(.*)x', gives: false },
  { pattern: '(a?){40}a{40}', gives: true },
  { pattern: `${'.*'.repeat(100)}b`, gives: false },
];

test.each(hostile)('patterns: $pattern terminates on a thousand names of 255 characters', (row) => {
  const isMatch = textMatch('name', row.pattern);
  for (let at = 0; at < 1000; at += 1) expect(isMatch(name)).toBe(row.gives);
});

test('patterns: a pattern matches what a backtracking matcher matches', () => {
  const part = constantFrom('a', 'b', '.', 'a*', 'b+', '(a|b)', '(ab)*', '[^a]', '^', '$', '|');
  const pattern = array(part, { maxLength: 6 }).map((parts) => parts.join(''));
  const text = string({ unit: constantFrom('a', 'b', 'B', 'c'), maxLength: 8 });
  assert(
    property(pattern, text, (pattern, text) => {
      expect(textMatch('name', pattern)(text)).toBe(new RegExp(pattern, 'i').test(text));
    }),
    { seed: 11, numRuns: 2_000 },
  );
});

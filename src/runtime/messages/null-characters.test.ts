import { expect, test } from 'vitest';
import { withoutNullCharacters } from './null-characters.ts';

test('texts and keys lose U+0000, however deep', () => {
  const given = { 'k\0': ['a\0b', { c: '\0' }], n: 1, none: null, isSet: true };
  expect(withoutNullCharacters(given)).toEqual({
    k: ['ab', { c: '' }],
    n: 1,
    none: null,
    isSet: true,
  });
});

test('a value without it is the same value', () => {
  const given = { a: ['x', { b: null }] };
  expect(withoutNullCharacters(given)).toBe(given);
});

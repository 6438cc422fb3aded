import { expect, test } from 'vitest';
import { decoded } from './decoded.ts';

test.each([
  ['host%2F1', 'host/1'],
  ['', ''],
  ['%zz', undefined],
  ['%E0%A4', undefined],
])('%j is %j', (part, text) => {
  expect(decoded(part)).toBe(text);
});

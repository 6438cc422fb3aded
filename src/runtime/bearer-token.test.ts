import { expect, test } from 'vitest';
import { bearerToken } from './bearer-token.ts';

test.each([
  ['Bearer 5f', '5f'],
  ['bearer   5f', '5f'],
  ['Basic 5f', ''],
  ['Bearer', ''],
  ['Bearer ', ''],
  ['Bearer 5f 6a', ''],
  ['5f', ''],
  [undefined, ''],
])('%s → "%s"', (header, token) => {
  expect(bearerToken(header)).toBe(token);
});

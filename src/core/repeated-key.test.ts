import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { repeatedKey } from './repeated-key.ts';

test.each([
  ['{"devname":"a","physical_network":"x","devname":"b","physical_network":"y"}', 'devname'],
  ['[{"a":1},{"a":2}]', undefined],
  ['{"a":{"b":1,"b":2}}', 'b'],
  ['{"a":{"a":1},"b":["a:","{","a"]}', undefined],
  ['{"a":"\\"a\\":","b":1}', undefined],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['"a"', undefined],
])('%s', (text, key) => {
  expect(repeatedKey(text)).toBe(key);
});

test('printed JSON has no duplicate key', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(repeatedKey(JSON.stringify(JSON.parse(text)))).toBeUndefined();
    }),
  );
});

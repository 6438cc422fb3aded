import { assert, jsonValue, property } from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalText } from './canonical-text.ts';
import { isSame } from './is-same.ts';

const same = { b: [1, { x: 'a' }], a: null };

test.each([
  { one: same, other: { a: null, b: [1, { x: 'a' }] }, gives: true },
  { one: same, other: { ...same, c: undefined }, gives: true },
  { one: { ...same, c: undefined }, other: same, gives: true },
  { one: same, other: { ...same, c: null }, gives: false },
  { one: same, other: { b: [1, { x: 'a' }], c: undefined }, gives: false },
  { one: same, other: { ...same, b: [1] }, gives: false },
  { one: JSON.parse('{"__proto__":{}}'), other: { a: 1 }, gives: false },
  { one: [], other: {}, gives: false },
  { one: null, other: {}, gives: false },
  { one: 1, other: '1', gives: false },
])('$one and $other: $gives', ({ one, other, gives }) => {
  expect(isSame(one, other)).toBe(gives);
  expect(isSame(other, one)).toBe(gives);
});

test('two values are the same when they have the same canonical text', () => {
  const value = jsonValue({ maxDepth: 3 });
  assert(
    property(value, value, (one, other) => {
      expect(isSame(one, structuredClone(one))).toBe(true);
      expect(isSame(one, other)).toBe(canonicalText(one) === canonicalText(other));
    }),
  );
});

/** The message for a body that its schema does not allow. */
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { checkedBody } from './request-body.ts';

const { read } = checkedBody(
  Type.Object({ user: Type.Object({}, { additionalProperties: false }) }),
);
const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]));

test.each([
  [1, "user: unknown key 'k0'"],
  [20, "user: unknown key 'k0', 'k1', 'k2'"],
])('%i unknown keys are reported as such', (count, expected) => {
  expect(() => read({ user: keys(count) })).toThrow(expected);
});

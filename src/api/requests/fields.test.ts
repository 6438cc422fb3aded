import { expect, test } from 'vitest';
import { wholeNumber } from './fields.ts';
import { closed, readBody } from './json-schema.ts';

const schema = closed({ ram: wholeNumber(0) });

test.each([0, 1, 2147483647, '0', '007', '2147483647', '2147483639', '1999999999'])(
  'a whole number may be %j',
  (ram) => {
    expect(() => readBody(schema, { ram })).not.toThrow();
  },
);

test.each([
  -1,
  0.5,
  2147483648,
  2 ** 53 + 2,
  2 ** 63,
  1e308,
  '-1',
  '1e3',
  '0x10',
  '',
  ' 1',
  '2147483648',
  '9999999999',
  '9'.repeat(300),
])('a whole number may not be %j', (ram) => {
  expect(() => readBody(schema, { ram })).toThrow(/ram/);
});

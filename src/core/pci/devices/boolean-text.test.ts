import { expect, test } from 'vitest';
import { isTrue, parseBooleanText } from './boolean-text.ts';

const rows = [
  { gives: true, expected: ['1', 't', 'true', 'on', 'y', 'yes', 'True', 'YES', ' on '] },
  { gives: false, expected: ['0', 'f', 'false', 'off', 'n', 'no', 'False', '\tNO\n'] },
  { gives: undefined, expected: ['', '2', 'maybe', 'tr ue', 'yesno'] },
];

for (const { gives, expected } of rows) {
  for (const word of expected) {
    test(`${JSON.stringify(word)} is ${gives}`, () => {
      expect(parseBooleanText(word)).toBe(gives);
      expect(isTrue(word)).toBe(gives === true);
    });
  }
}

test('null and undefined are not true', () => {
  expect([isTrue(null), isTrue(undefined)]).toEqual([false, false]);
});

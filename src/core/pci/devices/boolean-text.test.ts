import { expect, test } from 'vitest';
import { isTrue, parseBooleanText } from './boolean-text.ts';

const rows = [
  { gives: true, words: ['1', 't', 'true', 'on', 'y', 'yes', 'True', 'YES', ' on '] },
  { gives: false, words: ['0', 'f', 'false', 'off', 'n', 'no', 'False', '\tNO\n'] },
  { gives: undefined, words: ['', '2', 'maybe', 'tr ue', 'yesno'] },
];

for (const { gives, words } of rows) {
  for (const word of words) {
    test(`${JSON.stringify(word)} is ${gives}`, () => {
      expect(parseBooleanText(word)).toBe(gives);
      expect(isTrue(word)).toBe(gives === true);
    });
  }
}

test('null and undefined are not true', () => {
  expect([isTrue(null), isTrue(undefined)]).toEqual([false, false]);
});

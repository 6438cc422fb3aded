import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { excerpt, excerptOfJson, printable, quoted } from './quoted-text.ts';

test.each([
  { name: 'plain text is unchanged', given: 'größe 5 "x" \\', gives: 'größe 5 "x" \\' },
  { name: 'a terminal sequence is escaped', given: '\u001b[2J', gives: '\\u001b[2J' },
  { name: 'C1 controls are escaped too', given: '\u009b1m', gives: '\\u009b1m' },
  { name: 'line breaks and tabs have short escapes', given: 'a\n\tb\r', gives: 'a\\n\\tb\\r' },
  { name: 'undecodable bytes and lone surrogates', given: '\uFFFD\uD800', gives: '\\ufffd\\ud800' },
  { name: 'a bidirectional control', given: '\u202Eabc', gives: '\\u202eabc' },
])('$name', ({ given, gives }) => {
  expect(printable(given)).toBe(gives);
  expect(quoted(given)).toBe(`"${gives}"`);
});

test('a long text is cut before an escape that does not fit', () => {
  expect(excerpt('x'.repeat(60))).toBe('x'.repeat(60));
  expect(excerpt('x'.repeat(61))).toBe(`${'x'.repeat(60)}…`);
  expect(excerpt(`${'x'.repeat(57)}\u0001`)).toBe(`${'x'.repeat(57)}…`);
  expect(excerptOfJson({ a: 'x'.repeat(99) })).toBe(`{"a":"${'x'.repeat(54)}…`);
});

/**
 * Texts of any code points, lone surrogates too; a third of them below 0x10000, a third below 0xa0.
 * `fc.string({ unit: 'binary' })` would list all code points first, which takes seconds.
 */
const anyText = fc
  .array(
    fc
      .oneof(
        fc.integer({ min: 0, max: 0x10ffff }),
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 0, max: 0x9f }),
      )
      .map((codePoint) => String.fromCodePoint(codePoint)),
  )
  .map((characters) => characters.join(''));

test('no text keeps a terminal control sequence', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(printable(text)).not.toMatch(/[\p{C}\uFFFD]/u);
      expect(excerpt(text).length).toBeLessThanOrEqual(61);
    }),
  );
});

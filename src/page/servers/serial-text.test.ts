import { expect, test } from 'vitest';
import { bytesOfKey, SerialText } from './serial-text.ts';

const shown = (...chunks: string[]) => {
  const text = new SerialText();
  for (const chunk of chunks) text.add(chunk);
  return text.text;
};

test.each([
  ['lines', ['one\r\ntwo\r\n'], 'one\ntwo\n'],
  ['a line is written again', ['10 %\r20 %'], '20 %'],
  ['backspace, as a shell erases a character', ['lss\b \b'], 'ls '],
  ['the rest of a line is erased', ['long text\rab\u001b[K'], 'ab'],
  ['colours are left out', ['\u001b[1;31mred\u001b[0m'], 'red'],
  ['a sequence in two parts', ['a\u001b[1;', '31mb'], 'ab'],
  ['the title of a window is left out', ['\u001b]0;title\u0007$ '], '$ '],
  ['the screen is erased', ['old\r\ntext\u001b[2Jnew'], 'new'],
  ['a bell', ['\u0007a'], 'a'],
])('%s', (_, chunks, text) => {
  expect(shown(...chunks)).toBe(text);
});

test('the oldest lines are forgotten', () => {
  const lines = shown(...Array.from({ length: 2_500 }, (_, at) => `${at}\r\n`)).split('\n');
  expect(lines).toHaveLength(2_000);
  expect(lines.at(-2)).toBe('2499');
});

test('a line without an end is broken, and its text bounded', () => {
  const long = shown('x'.repeat(4_500));
  expect(long.split('\n').map(({ length }) => length)).toEqual([2_000, 2_000, 500]);
  expect(shown('y'.repeat(1_000_000)).length).toBeLessThan(205_000);
});

test.each(['\u001b[', '\u001b]0;'])('a sequence without an end, %j, is shown as text', (start) => {
  const chunks = Array.from({ length: 100 }, () => '1'.repeat(10));
  expect(shown(start, ...chunks)).toMatch(/1{1000}$/);
});

const key = (name: string, more = {}) =>
  bytesOfKey({
    key: name,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    ...more,
  } as KeyboardEvent);

test('keys that act, and those that the browser keeps', () => {
  expect(key('Enter')).toBe('\r');
  expect(key('c', { ctrlKey: true })).toBe('\u0003');
  expect(key('ArrowUp')).toBe('\u001b[A');
  for (const kept of [
    key('a'),
    key('Tab'),
    key('v', { ctrlKey: true }),
    key('c', { altKey: true }),
  ]) {
    expect(kept).toBeUndefined();
  }
});

import { expect, test } from 'vitest';
import { cutTo, namesIn, quoted, valueAt } from './schema-findings.ts';

test.each([
  ['', []],
  ['/name', ['name']],
  ['/servers/0/a~1b~0c', ['servers', '0', 'a/b~c']],
])('the keys in %j', (pointer, names) => {
  expect(namesIn(pointer)).toEqual(names);
});

test('the value at a path, and nothing below a scalar', () => {
  const body = { servers: [{ name: 's' }], gone: null };
  expect(valueAt(['servers', '0', 'name'], body)).toBe('s');
  expect(valueAt([], body)).toBe(body);
  expect(valueAt(['servers', '1', 'name'], body)).toBeUndefined();
  expect(valueAt(['gone', 'name'], body)).toBeUndefined();
});

test('only a longer text is cut', () => {
  expect([cutTo(8, 'a long text'), cutTo(8, '8 signs.')]).toEqual(['a lon...', '8 signs.']);
});

test('names are quoted', () => {
  expect(quoted(['a', 1])).toBe("'a', '1'");
});

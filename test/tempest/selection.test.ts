import { expect, test } from 'vitest';
import { entriesOf, selectTests } from './selection.ts';

const known = [
  'tempest.api.a.test_x.One.test_it[id-1,smoke]',
  'tempest.api.a.test_x.One.test_it_twice[id-2]',
  'tempest.api.a.test_xy.Other.test_it[id-3]',
];

test('an entry is a test, a class, a module or a package, with tags or without', () => {
  expect(selectTests(['tempest.api.a.test_x.One.test_it[id-of-another-version]'], known)).toEqual([
    known[0],
  ]);
  expect(selectTests(['tempest.api.a.test_xy', 'tempest.api.a.test_x.One'], known)).toEqual([
    known[2],
    known[0],
    known[1],
  ]);
  expect(selectTests(['tempest.api', 'tempest.api.a.test_x'], known)).toEqual(known);
});

test('an entry without a test is refused by name', () => {
  expect(() => selectTests(['tempest.api', 'tempest.api.b'], known)).toThrow(
    'Tempest has no test tempest.api.b',
  );
});

test('a list has an entry a line, and comments', () => {
  expect(entriesOf('# servers\n\ntempest.a\n  tempest.b\n')).toEqual(['tempest.a', 'tempest.b']);
});

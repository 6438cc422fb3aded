import { expect, test } from 'vitest';
import { closestName } from './closest-name.ts';

const expected = ['status', 'explain', 'pci', '--os-auth-url', '--os-cacert', 'up'];

test.each([
  ['stauts', 'status'],
  ['explian', 'explain'],
  ['--os-auth-ur', '--os-auth-url'],
  ['--os-ca-cert', '--os-cacert'],
  ['status', 'status'],
  ['server', undefined],
  ['x', undefined],
  ['', undefined],
])('"%s" probably means %s', (word, meant) => {
  expect(closestName(word, expected)).toBe(meant);
});

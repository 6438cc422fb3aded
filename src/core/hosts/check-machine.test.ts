import { expect, test } from 'vitest';
import { isAtLeast } from './check-machine.ts';

test.each([
  ['7.0.0', true],
  ['11.3.0', true],
  ['7.0', true],
  ['6.10.9', false],
  ['7.0.0-rc1', true],
] as const)('version %s is at least 7.0.0: %s', (version, is) => {
  expect(isAtLeast(version, '7.0.0')).toBe(is);
});

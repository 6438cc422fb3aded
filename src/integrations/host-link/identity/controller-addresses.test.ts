import { expect, test } from 'vitest';
import { ControllerAddresses } from './controller-addresses.ts';

test('begins anywhere, and goes round', () => {
  const addresses = new ControllerAddresses(['a', 'b', 'c'], () => 0.5);
  const used = [addresses.current];
  for (let count = 0; count < 3; count += 1) {
    addresses.next();
    used.push(addresses.current);
  }
  expect(used).toEqual(['b', 'c', 'a', 'b']);
  const begun = [0, 0.34, 0.99].map((at) => new ControllerAddresses(['a', 'b', 'c'], () => at));
  expect(begun.map(({ current }) => current)).toEqual(['a', 'b', 'c']);
});

test('a single controller stays', () => {
  const addresses = new ControllerAddresses(['a']);
  addresses.next();
  expect([addresses.current, addresses.count]).toEqual(['a', 1]);
});

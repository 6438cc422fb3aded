/** The addresses of a port, and the cost of finding them. */
import { expect, test } from 'vitest';
import type { StoredSubnet } from '#contracts/store/network-store.ts';
import { chooseAddresses } from './address-choice.ts';

/** Counts its calls. */
class CountingSet extends Set<string> {
  lookups = 0;
  override has(text: string): boolean {
    this.lookups += 1;
    return super.has(text);
  }
}

const subnet = {
  id: 's1',
  ipVersion: 4,
  cidr: '10.0.0.0/16',
  allocationPools: [
    { start: '10.0.0.2', end: '10.0.0.3' },
    { start: '10.0.1.0', end: '10.0.255.254' },
  ],
} as StoredSubnet;

test('addresses are taken from the pools in order, skipping used ones', () => {
  const taken = new Set(['10.0.0.2', '10.0.1.0']);
  const chosen = chooseAddresses(
    'n1',
    [{}, {}, { ip_address: '10.0.1.2' }, {}],
    [{ subnet, taken }],
  );
  expect(chosen.map(({ ipAddress }) => ipAddress)).toEqual([
    '10.0.0.3',
    '10.0.1.1',
    '10.0.1.2',
    '10.0.1.3',
  ]);
});

test('many addresses of one subnet are found in one pass', () => {
  const taken = new CountingSet(
    Array.from({ length: 2_000 }, (_, at) => `10.0.${1 + Math.floor(at / 250)}.${at % 250}`),
  );
  for (let port = 0; port < 100; port += 1) {
    chooseAddresses(
      'n1',
      Array.from({ length: 16 }, () => ({})),
      [{ subnet, taken }],
    );
  }
  expect(taken.size).toBe(3_600);
  expect(taken.lookups).toBeLessThan(4_000);
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  parsePciAddress,
  pciAddressParts,
  printPciAddress,
  tryParsePciAddress,
} from './address.ts';

const rows = [
  { given: '0000:81:00.2', gives: '0000:81:00.2' },
  { given: '0000:AB:1F.7', gives: '0000:ab:1f.7' },
  { given: '10000:01:00.0', gives: '10000:01:00.0' },
  { given: '81:00.2', gives: undefined },
  { given: '0000:81:20.0', gives: undefined },
  { given: '0000:81:00.8', gives: undefined },
  { given: '', gives: undefined },
  { given: 'x0000:81:00.2', gives: undefined },
  { given: '0000:81:00.2x', gives: undefined },
  { given: '000:81:00.2', gives: undefined },
  { given: '10000:01:00.0', gives: '10000:01:00.0' },
  { given: '00010000:01:00.0', gives: '10000:01:00.0' },
];

for (const { given, gives } of rows) {
  test(`"${given}" is ${gives ?? 'no address'}`, () => {
    expect(tryParsePciAddress(given)).toBe(gives);
  });
}

test('a text that is not an address is refused, naming it', () => {
  const refused = {
    kind: 'invalid',
    message: expect.stringContaining('PCI address "81:00.2": must be'),
  };
  expect(() => parsePciAddress('81:00.2')).toThrow(expect.objectContaining(refused));
});

test('an address survives printing and parsing', () => {
  const parts = fc.record({
    domain: fc.nat(0xffffffff),
    bus: fc.nat(0xff),
    slot: fc.nat(0x1f),
    function: fc.nat(7),
  });
  fc.assert(
    fc.property(parts, (given) => {
      expect(pciAddressParts(printPciAddress(given))).toEqual(given);
    }),
  );
});

import { describe, expect, test } from 'vitest';
import { isComputeError } from '../../errors.ts';
import { parsePciAddress } from './address.ts';
import { matchesAddress, parseAddressPattern } from './address-pattern.ts';

const all = ['0000:0a:00.1', '0000:0a:1f.7', '0001:0b:00.1'].map(parsePciAddress);

const rows: { given: unknown; names: number[]; exact?: string }[] = [
  { given: undefined, names: [0, 1, 2] },
  { given: null, names: [0, 1, 2] },
  { given: '', names: [0, 1, 2] },
  { given: '*', names: [0, 1, 2] },
  { given: '*:*:*.*', names: [0, 1, 2] },
  { given: '0000:0a:00.1', names: [0], exact: '0000:0a:00.1' },
  { given: '0:A:0.1', names: [0], exact: '0000:0a:00.1' },
  { given: ' 0000 : 0a : 00 . 1 ', names: [0], exact: '0000:0a:00.1' },
  { given: '0a:', names: [0, 1] },
  { given: '1f', names: [1] },
  { given: '.1', names: [0, 2] },
  { given: '1::', names: [2] },
  { given: '*:0b:*.*', names: [2] },
  { given: '00.', names: [0, 2] },
  { given: {}, names: [0, 1, 2] },
  { given: { bus: '0a', slot: '1' }, names: [1] },
  { given: { domain: '000[1-9]' }, names: [2] },
  { given: { domain: '001' }, names: [] },
  { given: { bus: '(?i)0A' }, names: [0, 1] },
  { given: { slot: 'f' }, names: [] },
  { given: { function: '[2-7]' }, names: [1] },
  { given: { function: '3|7' }, names: [1] },
  {
    given: { domain: '0000', bus: '0a', slot: '00', function: '1' },
    names: [0],
    exact: '0000:0a:00.1',
  },
  { given: { domain: '0000', bus: '0A', slot: '00', function: '1' }, names: [] },
];

describe('an address pattern', () => {
  for (const { given, names, exact = null } of rows) {
    test(`${JSON.stringify(given)} matches ${names.length} of ${all.length}`, () => {
      const pattern = parseAddressPattern(given);
      expect(all.filter((one) => matchesAddress(pattern, one))).toEqual(names.map((at) => all[at]));
      expect(pattern.exact).toBe(exact);
    });
  }
});

const refused: { given: unknown; detail: string; message: string }[] = [
  {
    given: 7,
    detail: 'wrong_address_format',
    message: 'address 7: must be text such as "0000:0a:00.1"',
  },
  { given: ['0a:'], detail: 'wrong_address_format', message: 'address ["0a:"]: must be' },
  { given: '1:2:3:4', detail: 'wrong_address_format', message: 'address "1:2:3:4": has more than' },
  { given: 'zz:', detail: 'not_hex', message: 'address bus "zz": must be hexadecimal or "*"' },
  {
    given: '100000000:0a:00.1',
    detail: 'out_of_range',
    message: 'address domain "100000000": must not be above ffffffff',
  },
  { given: '100:00.1', detail: 'out_of_range', message: 'address bus "100": must not be above ff' },
  { given: '20.1', detail: 'out_of_range', message: 'address slot "20": must not be above 1f' },
  { given: '.8', detail: 'out_of_range', message: 'address function "8": must not be above 7' },
  {
    given: { bus: '(' },
    detail: 'wrong_address_format',
    message: 'bus "(" is not a regular expression',
  },
  {
    given: { bus: null },
    detail: 'wrong_address_format',
    message: 'address {"bus":null}: bus must be a regular expression',
  },
  {
    given: { bus: 10 },
    detail: 'wrong_address_format',
    message: 'address {"bus":10}: bus must be a regular expression',
  },
  {
    given: { port: '1' },
    detail: 'wrong_address_format',
    message: '"port" is not one of domain, bus, slot, function',
  },
];

const costly = ['(a?){1000}z', '((a?){16}){16}z', '(.*)*(.*)*(.*)*(.*)*(.*)*z', '0'.repeat(256)];
refused.push(
  ...costly.map((bus) => ({
    given: { bus },
    detail: 'wrong_address_format',
    message: `must have at most 255 characters; with repeats 64`,
  })),
);

describe('an address pattern is refused with the value and the rule', () => {
  for (const { given, detail, message } of refused) {
    test(message, () => {
      let error: unknown;
      try {
        parseAddressPattern(given);
      } catch (thrown) {
        error = thrown;
      }
      expect(isComputeError(error, 'invalid')).toBe(true);
      expect(error).toMatchObject({ detail });
      expect(String(error)).toContain(message);
    });
  }
});

test('the highest and lowest addresses are patterns, kept as written', () => {
  for (const given of ['ffff:ff:1f.7', '0000:00:00.0', '10000:01:00.0', 'ffffffff:ff:1f.7']) {
    expect(parseAddressPattern(given).exact).toBe(given);
  }
});

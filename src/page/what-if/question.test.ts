import { expect, test } from 'vitest';
import { bodyOf, printNics, questionIn } from './question.ts';

const fallback = { flavor: '1', nics: [{ vnicType: 'direct', physicalNetwork: 'physnet1' }] };

test.each([
  ['none', []],
  ['direct@physnet1', [{ vnicType: 'direct', physicalNetwork: 'physnet1' }]],
  [
    'normal@;macvtap@a%40b%3Bc',
    [
      { vnicType: 'normal', physicalNetwork: '' },
      { vnicType: 'macvtap', physicalNetwork: 'a@b;c' },
    ],
  ],
])('NICs in the address: %s', (text, nics) => {
  expect(questionIn({ nics: text }, fallback).nics).toEqual(nics);
  expect(printNics(nics)).toBe(text);
});

test('what the address does not have is the fallback', () => {
  expect(questionIn({}, fallback)).toEqual({ ...fallback, count: '1' });
  expect(questionIn({ nics: 'direct@%' }, fallback).nics[0]?.physicalNetwork).toBe('%');
});

test('the body: a NIC without physical network has null, and a number is a number', () => {
  const nics = [{ vnicType: 'normal', physicalNetwork: '' }];
  expect(bodyOf({ flavor: '2', nics, count: '20' })).toEqual({
    flavor: { id: '2' },
    nics: [{ vnic_type: 'normal', physical_network: null }],
    count: 20,
  });
  expect(bodyOf({ flavor: '2', nics: [], count: 'max' }).count).toBe('max');
});

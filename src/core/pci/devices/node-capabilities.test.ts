import { expect, test } from 'vitest';
import { aVf } from '#test/worlds/store-rows.ts';
import { unknownToHypervisor, withNodeCapabilities } from './node-capabilities.ts';

const fn = { ...aVf('0000:81:00.1'), capabilities: { vpd: { cardSerialNumber: 'A' } } };

test('what sysfs reports is kept, what only the hypervisor reports is added', () => {
  const known = { network: ['rx'], vpd: { cardSerialNumber: 'B' } };
  expect(withNodeCapabilities(fn, known).capabilities).toEqual({
    vpd: { cardSerialNumber: 'A' },
    network: ['rx'],
  });
});

test('a function of which the hypervisor reports no more is not copied', () => {
  expect(withNodeCapabilities(fn, {})).toBe(fn);
  expect(withNodeCapabilities(fn, { vpd: { cardSerialNumber: 'B' } })).toBe(fn);
});

test('a function unknown to the hypervisor is quarantined, with the first reason', () => {
  expect(withNodeCapabilities(fn, undefined).quarantine).toBe(unknownToHypervisor);
  expect(withNodeCapabilities({ ...fn, quarantine: 'x' }, undefined).quarantine).toBe('x');
});

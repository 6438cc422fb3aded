import { parsePciAddress } from '#core/pci/devices/address.ts';
import { expect, test } from 'vitest';
import { addressAttributes } from './pci-address-xml.ts';

test.each([
  ['0000:01:10.2', { domain: '0x0000', bus: '0x01', slot: '0x10', function: '0x2' }],
  ['10000:01:00.0', { domain: '0x10000', bus: '0x01', slot: '0x00', function: '0x0' }],
])('%s in a domain', (address, attributes) => {
  expect(addressAttributes(parsePciAddress(address))).toEqual(attributes);
});

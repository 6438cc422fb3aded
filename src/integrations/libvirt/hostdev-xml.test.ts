import { parsePciAddress } from '#core/pci/devices/address.ts';
import { expect, test } from 'vitest';
import { hostdevXml } from './xml/interface-xml.ts';
import { printXml } from './xml/xml.ts';

const address = parsePciAddress('0001:c8:00.4');

test('libvirt manages a device of an alias unless its entry says managed "no"', () => {
  expect(printXml(hostdevXml({ address }))).toContain("managed='yes'");
  expect(printXml(hostdevXml({ address, isUnmanaged: true }))).toContain("managed='no'");
});

import { expect, test } from 'vitest';
import { splitCidr } from './cidr.ts';

test.each([
  ['10.42.0.0/24', '10.42.0.0', '255.255.255.0'],
  ['172.16.0.0/12', '172.16.0.0', '255.240.0.0'],
  ['0.0.0.0/0', '0.0.0.0', '0.0.0.0'],
  ['192.0.2.7/32', '192.0.2.7', '255.255.255.255'],
  ['192.0.2.7', '192.0.2.7', '255.255.255.255'],
  ['192.0.2.0/31', '192.0.2.0', '255.255.255.254'],
  ['fd00::/64', 'fd00::', 'ffff:ffff:ffff:ffff::'],
  ['fd00::/56', 'fd00::', 'ffff:ffff:ffff:ff00::'],
  ['::/0', '::', '::'],
  ['fd00::/112', 'fd00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:0'],
  ['fd00::1', 'fd00::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
])('%s is %s with the mask %s', (cidr, address, netmask) => {
  expect(splitCidr(cidr)).toEqual({ address, netmask });
});

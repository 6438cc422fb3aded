import { expect, test } from 'vitest';
import { addressesOf } from './addresses.ts';

const vif = (name: string, macAddress: string, fixedIps: object[]) => ({
  portId: null,
  pciRequestId: null,
  vif: { macAddress, network: { name }, fixedIps: fixedIps as { ipAddress: string }[] },
});

test('of a network the addresses come in the order of the NICs, and then the floating IPs', () => {
  const nics = [
    vif('red', 'mac-1', [{ ipAddress: '10.0.0.5', floatingIps: ['198.51.100.7'] }]),
    vif('blue', 'mac-2', [{ ipAddress: 'fd00::5' }]),
    vif('red', 'mac-3', [{ ipAddress: '10.0.0.6' }]),
  ];
  const shown = Object.entries(addressesOf({ nics })).map(([network, addresses]) => [
    network,
    ...addresses.map((each) => `${each['OS-EXT-IPS:type']} ${each.addr} v${each.version}`),
  ]);
  expect(shown).toEqual([
    ['red', 'fixed 10.0.0.5 v4', 'fixed 10.0.0.6 v4', 'floating 198.51.100.7 v4'],
    ['blue', 'fixed fd00::5 v6'],
  ]);
});

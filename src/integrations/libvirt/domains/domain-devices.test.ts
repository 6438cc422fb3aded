import { aBridgeNic, aFailoverNic, aMacvtapNic, vf0, vf1 } from '#test/hosts/guests.ts';
import { type GuestNic, standbyOf } from '#core/guests/description/guest.ts';
import { expect, test } from 'vitest';
import { deviceOfNic, domainDevices } from './domain-devices.ts';
import { nicXmls } from '../xml/interface-xml.ts';
import { printXml } from '../xml/xml.ts';

const host = {
  virtType: 'kvm' as const,
  nicSources: { [vf0]: 'enp1s0v0', [vf1]: 'enp1s0v1' },
};
/** All have one MAC: a bond in the guest. */
const macAddress = 'fa:16:3e:00:00:77';
const nic = (like: GuestNic, change: object = {}): GuestNic => ({ ...like, macAddress, ...change });
const red = nic(aBridgeNic());
const blue = nic(aBridgeNic(), { portId: 'p2', bridge: 'brq-blue', devName: 'tap-blue' });
const ovs = nic(aBridgeNic(), {
  kind: 'ovs',
  interfaceId: 'i',
  bridge: 'br-int',
  devName: 'tap-3',
});
const tap0 = nic(aMacvtapNic(vf0));
const tap1 = nic(aMacvtapNic(vf1));

const domain = (...nics: GuestNic[]) =>
  domainDevices(
    `<domain>${nics.flatMap((each) => nicXmls(each, host).map((xml) => printXml(xml))).join('')}</domain>`,
  );

test.each([
  { what: 'two bridges', there: red, request: blue, ifname: null },
  { what: 'a bridge and Open vSwitch', there: red, request: ovs, ifname: null },
  { what: 'a macvtap and a bridge', there: tap0, request: red, ifname: null },
  { what: 'a bridge and a macvtap', there: red, request: tap1, ifname: 'enp1s0v1' },
  { what: 'two macvtaps', there: tap0, request: tap1, ifname: 'enp1s0v1' },
])('one MAC on $what: each NIC is identified', ({ there, request, ifname }) => {
  expect(deviceOfNic(domain(there), request, ifname)).toBeUndefined();
  const both = domain(there, request);
  expect(both).toHaveLength(2);
  expect(deviceOfNic(both, request, ifname)).toBe(both[1]);
});

test('a macvtap with an unknown interface is found by its MAC', () => {
  const devices = domain(tap0);
  expect(deviceOfNic(devices, tap0)).toBe(devices[0]);
});

test('a VF and its standby are two different NICs', () => {
  const failover = nic(aFailoverNic(vf0));
  const [first, second] = domain(failover);
  expect(deviceOfNic(domain(failover), failover)).toEqual(second);
  const standby = standbyOf(failover);
  expect(standby && deviceOfNic(domain(failover), { ...standby, macAddress })).toBeUndefined();
  expect(standby && deviceOfNic(domain(failover), standby)).toEqual(first);
});

/** Who requests failover: the port first, then the flavor. */
import { expect, test } from 'vitest';
import { failoverRefusal, requestsFailover } from './failover.ts';

const ofFlavor = (value?: string): Record<string, string> =>
  value === undefined ? {} : { 'hw:sriov_failover': value };

test.each([
  { port: undefined, flavor: undefined, gives: false },
  { port: undefined, flavor: 'true', gives: true },
  { port: undefined, flavor: ' Yes ', gives: true },
  { port: undefined, flavor: 'false', gives: false },
  { port: false, flavor: 'true', gives: false },
  { port: 'off', flavor: 'true', gives: false },
  { port: true, flavor: undefined, gives: true },
  { port: 'True', flavor: 'false', gives: true },
])('port $port, flavor $flavor: $gives', ({ port, flavor, gives }) => {
  const profile = port === undefined ? {} : { sriov_failover: port };
  expect(requestsFailover({ profile }, ofFlavor(flavor))).toBe(gives);
});

test.each([
  { value: 'often', vnicType: 'direct', gives: 'sriov_failover "often" must be true or false' },
  { value: 1, vnicType: 'direct', gives: 'sriov_failover 1 must be true or false' },
  { value: null, vnicType: 'normal', gives: 'sriov_failover null must be true or false' },
  { value: true, vnicType: 'macvtap', gives: 'requires binding:vnic_type direct (it is macvtap)' },
  { value: 'true', vnicType: 'direct-physical', gives: '(it is direct-physical)' },
  { value: 'true', vnicType: 'remote-managed', gives: '(it is remote-managed)' },
] as const)('$value on a $vnicType port is refused', ({ value, vnicType, gives }) => {
  expect(failoverRefusal({ vnicType, profile: { sriov_failover: value } })).toContain(gives);
});

test('a port that requests no failover is not refused', () => {
  expect(failoverRefusal({ vnicType: 'macvtap', profile: {} })).toBeUndefined();
  expect(
    failoverRefusal({ vnicType: 'macvtap', profile: { sriov_failover: false } }),
  ).toBeUndefined();
  expect(
    failoverRefusal({ vnicType: 'direct', profile: { sriov_failover: 'yes' } }),
  ).toBeUndefined();
});

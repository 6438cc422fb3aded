import { expect, test } from 'vitest';
import { vfRequest } from './vf-request.ts';

const settings = (spoofCheck: unknown, linkState: unknown) => ({
  vf_settings: { spoof_check: spoofCheck, link_state: linkState },
});

const cases = [
  { name: 'a Neutron without binding details: its agent sets the VF', details: {}, gives: null },
  {
    name: 'the flavor’s limit alone sets nothing where an agent configures the VF',
    details: {},
    average: '1000',
    gives: null,
  },
  {
    name: 'the settings from the network service',
    details: settings(true, 'auto'),
    gives: { spoofCheck: true, linkState: 'auto' },
  },
  {
    name: 'kilobytes become megabits, rounded up',
    details: settings(false, 'disable'),
    average: '1001',
    gives: { spoofCheck: false, linkState: 'disable', maxTxRateMbps: 9 },
  },
  {
    name: 'the lowest limit is 1 Mbit/s',
    details: settings(true, 'auto'),
    average: '1',
    gives: { spoofCheck: true, linkState: 'auto', maxTxRateMbps: 1 },
  },
  {
    name: 'a limit of 0 means no limit',
    details: settings(true, 'auto'),
    average: 'much',
    gives: { spoofCheck: true, linkState: 'auto' },
  },
  { name: 'an unknown setting is ignored', details: settings('yes', 'sideways'), gives: {} },
];

test.each(cases)('$name', ({ details, average, gives }) => {
  const bandwidth = average === undefined ? null : { inbound: {}, outbound: { average } };
  expect(vfRequest({ vif: { details }, bandwidth })).toEqual(gives);
});

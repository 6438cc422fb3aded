import { expect, test } from 'vitest';
import {
  changeTowards,
  completeChange,
  noMac,
  printVfChange,
  untouchedVf,
  type VfSettings,
} from './vf-settings.ts';
import { baselineDifferences, changeToBaseline, type VfState, vfBaseline } from './vf-state.ts';

const ownMac = '22:f0:6f:2f:d9:7e';
const guestMac = 'fa:16:3e:5b:10:01';

function state(settings: Partial<VfSettings>, own: Partial<VfState['own']> | null = {}): VfState {
  const fresh = { ifname: 'enp1s0v0', macAddress: ownMac, isMacGiven: false, isUp: false };
  return {
    settings: { ...untouchedVf, ...settings },
    own: own === null ? null : { ...fresh, ...own },
  };
}

const baselines = [
  { name: 'chosen by the driver', now: state({ macAddress: ownMac }), mac: noMac },
  {
    name: 'set by an administrator, and used by the driver',
    now: state({ macAddress: ownMac }, { isMacGiven: true }),
    mac: ownMac,
  },
  {
    name: 'set by an administrator while the driver had another',
    now: state({ macAddress: guestMac }),
    mac: guestMac,
  },
  {
    name: 'set by an administrator without a driver',
    now: state({ macAddress: guestMac }, null),
    mac: guestMac,
  },
  { name: 'not set', now: state({}, null), mac: noMac },
];

test.each(baselines)('a MAC $name is recorded as such', ({ now, mac }) => {
  expect(vfBaseline(now).settings.macAddress).toBe(mac);
});

test('recorded settings are restored, equal ones are not touched', () => {
  const baseline = vfBaseline(state({ macAddress: guestMac, vlan: 7, trust: true }));
  const now = state({ macAddress: ownMac, vlan: 42, trust: true, spoofCheck: false });
  expect(changeToBaseline(baseline, now)).toEqual({
    macAddress: guestMac,
    vlan: 7,
    spoofCheck: true,
  });
});

test('a MAC that was not recorded as set is cleared even where it looks right, as an administrator’s looks the same', () => {
  const baseline = vfBaseline(state({ macAddress: ownMac }));
  expect(changeToBaseline(baseline, state({ macAddress: ownMac }))).toEqual({ macAddress: noMac });
});

const clean = vfBaseline(state({ macAddress: ownMac }));
const readings = [
  { name: 'its own MAC', now: state({ macAddress: ownMac }), gives: [] },
  {
    name: 'a new MAC of its driver',
    now: state({ macAddress: '4a:0:1' }, { macAddress: '4a:0:1' }),
    gives: [],
  },
  { name: 'no MAC', now: state({}), gives: [] },
  {
    name: 'the guest’s MAC',
    now: state({ macAddress: guestMac }),
    gives: [`MAC is ${guestMac}, was not set`],
  },
  {
    name: 'the guest’s MAC on both sides',
    now: state({ macAddress: guestMac }, { macAddress: guestMac }),
    gives: [
      `MAC is ${guestMac}, was not set`,
      `its interface enp1s0v0 still has the guest's MAC ${guestMac}`,
    ],
  },
  {
    name: 'settings of the guest',
    now: state({ vlan: 42, spoofCheck: false, trust: true, maxTxRateMbps: 8 }),
    gives: [
      'VLAN is 42, was 0',
      'spoof check is off, was on',
      'trust is on, was off',
      'rate limit is 8, was 0',
    ],
  },
];

test.each(readings)('read back with $name', ({ now, gives }) => {
  expect(baselineDifferences(clean, now, guestMac)).toEqual(gives);
});

test('only differences are set, and a VLAN is set with its priority', () => {
  const now = { ...untouchedVf, vlan: 42, qos: 3 };
  expect(changeTowards(now, { vlan: 42, spoofCheck: true, trust: true })).toEqual({ trust: true });
  expect(completeChange(now, { vlan: 43 })).toEqual({ vlan: 43, qos: 0 });
  expect(completeChange(now, { qos: 0 })).toEqual({ vlan: 42, qos: 0 });
  expect(completeChange(now, { trust: true })).toEqual({ trust: true });
});

test('every setting has a label', () => {
  expect(printVfChange(untouchedVf)).toBe(
    'no MAC, no VLAN, VLAN priority 0, spoof check on, trust off, link state auto, no minimum rate, no rate limit',
  );
});

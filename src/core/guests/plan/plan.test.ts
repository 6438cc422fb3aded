import { aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/hosts/guests.ts';
import { aPf, aVf } from '#test/worlds/store-rows.ts';
import { expect, test } from 'vitest';
import type { Guest } from '../description/guest.ts';
import { heldDevices } from '../description/held-device.ts';
import { deviceProblems, type FoundGuest, planDestroy, planSpawn } from './plan.ts';
import type { Step } from './step.ts';

const guest = aGuest({ nics: [aHostdevNic(vf0), aMacvtapNic(vf1)] });

function found(state: FoundGuest['state'], of: Guest = guest): FoundGuest {
  return { id: of.id, name: of.name, state, devices: heldDevices(of) };
}

const expected = (steps: Step[]) => steps.map((step) => step.do);
const macAddress = 'fa:16:3e:5b:10:01';

const spawned = [
  'check-devices',
  'prepare-files',
  'define',
  'record-device',
  'record-device',
  'set-vf',
  'set-vf-link',
  'start',
];
const spawns = [
  {
    name: 'nothing',
    given: undefined,
    gives: spawned,
  },
  { name: 'a guest that is off', given: found('shutOff'), gives: spawned },
  { name: 'a running guest', given: found('running'), gives: [] },
  { name: 'a paused guest', given: found('paused'), gives: [] },
];

test.each(spawns)('from $name to a running guest', ({ given, gives }) => {
  expect(expected(planSpawn(guest, given))).toEqual(gives);
});

test('a guest that is started keeps its disk; a new guest gets a new one', () => {
  const prepares = (fresh: boolean) => ({ do: 'prepare-files', guest, fresh });
  expect(planSpawn(guest, found('shutOff'))).toContainEqual(prepares(false));
  expect(planSpawn(guest, undefined, { fresh: true })).toContainEqual(prepares(true));
});

const ends = [
  { name: 'files only', given: undefined, gives: ['remove-files'] },
  {
    name: 'a running guest',
    given: found('running'),
    gives: [
      'destroy',
      'restore-device',
      'restore-device',
      'release-bridge',
      'remove-tap',
      'undefine',
      'remove-files',
    ],
  },
  {
    name: 'a guest that is off',
    given: found('shutOff'),
    gives: [
      'restore-device',
      'restore-device',
      'release-bridge',
      'remove-tap',
      'undefine',
      'remove-files',
    ],
  },
];

test.each(ends)('from $name to no guest', ({ given, gives }) => {
  expect(expected(planDestroy(guest.id, given))).toEqual(gives);
});

test('a device is recorded before anything is done to it, with the MAC that it is to get', () => {
  const steps = planSpawn(guest, undefined);
  const [record] = heldDevices(guest);
  expect(steps).toContainEqual({
    do: 'record-device',
    device: record,
    guestId: guest.id,
    macAddress,
  });
  const alias = aGuest({ hostDevices: [{ address: vf0, requestId: 'r' }] });
  expect(planSpawn(alias, undefined)).toContainEqual({
    do: 'record-device',
    device: { address: vf0, through: 'hostdev', isConfigured: false, trust: false },
    guestId: alias.id,
    macAddress: null,
  });
});

const functions = [aPf(), aVf(vf0), aVf(vf1, { ifname: 'enp1s0v1' })];
const rival = aGuest({ id: 'other', name: 'instance-0000002b', nics: [aMacvtapNic(vf0)] });

const problems = [
  { name: 'everything is in order', functions, guests: [], gives: [] },
  {
    name: 'a device is missing',
    functions: functions.slice(0, 1),
    guests: [],
    gives: ['device-missing', 'device-missing'],
  },
  {
    name: 'another running guest holds a device',
    functions,
    guests: [found('running', rival)],
    gives: ['device-in-use'],
  },
  {
    name: 'a guest that is off has a device defined',
    functions,
    guests: [found('shutOff', rival)],
    gives: [],
  },
  { name: 'the guest itself holds it', functions, guests: [found('running')], gives: [] },
  {
    name: 'the VF for a macvtap has no interface',
    functions: [aVf(vf0), aVf(vf1, { ifname: null })],
    guests: [],
    gives: ['vf-without-interface'],
  },
];

test.each(problems)('device check before a start: $name', ({ gives, ...host }) => {
  expect(deviceProblems(guest, host).map(({ code }) => code)).toEqual(gives);
});

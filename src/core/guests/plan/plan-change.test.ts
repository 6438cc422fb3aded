import { expect, test } from 'vitest';
import { aBridgeNic, aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/hosts/guests.ts';
import type { GuestNic } from '../description/guest.ts';
import { heldDevices } from '../description/held-device.ts';
import type { FoundGuest } from './plan.ts';
import {
  planAttach,
  planChangeNic,
  planDetach,
  planRescue,
  planRespawn,
  planResume,
  planSnapshot,
  planStop,
  planSuspend,
} from './plan-change.ts';
import type { Step } from './step.ts';

const port = (nic: GuestNic, portId: string): GuestNic => ({ ...nic, portId });
const direct = port(aHostdevNic(vf0), 'direct');
const macvtap = port(aMacvtapNic(vf1), 'macvtap');
const wired = {
  ...port(aBridgeNic(), 'wired'),
  wiring: { physicalNetwork: 'physnet1', vlan: 42 },
} as GuestNic;
const guest = aGuest({ nics: [direct, macvtap, port(aBridgeNic(), 'normal')] });

function found(state: FoundGuest['state']): FoundGuest {
  return { id: guest.id, name: guest.name, state, devices: heldDevices(guest) };
}

const expected = (steps: Step[]) =>
  steps.map((step) => {
    if ('nic' in step) return `${step.do} ${step.nic.portId}`;
    return 'portId' in step ? `${step.do} ${step.portId}` : step.do;
  });
const spawn = [
  'check-devices',
  'prepare-files',
  'define',
  'record-device',
  'record-device',
  'set-vf',
  'set-vf-link',
  'start',
];

test.each([
  {
    name: 'a running guest is powered off and started again',
    steps: planRespawn(guest, found('running')),
    gives: ['destroy', ...spawn],
  },
  {
    name: 'one with other devices than before: those that it loses are restored',
    steps: planRespawn({ ...guest, nics: [direct] }, found('running')),
    gives: [
      'destroy',
      'restore-device',
      'check-devices',
      'prepare-files',
      'define',
      'record-device',
      'start',
    ],
  },
  {
    name: 'its files are found before it is powered off',
    steps: planRespawn(guest, found('running'), { keepsFiles: true }),
    gives: ['find-files', 'destroy', ...spawn],
  },
  {
    name: 'and before one that stays off is defined',
    steps: planRespawn(guest, found('shutOff'), { keepsFiles: true, staysOff: true }),
    gives: ['find-files', 'prepare-files', 'define'],
  },
  {
    name: 'one that is off is started again',
    steps: planRespawn(guest, found('shutOff')),
    gives: spawn,
  },
  {
    name: 'one that stays off is only defined',
    steps: planRespawn(guest, found('shutOff'), { staysOff: true }),
    gives: ['prepare-files', 'define'],
  },
  {
    name: 'a rescue makes its disk before the guest is shut down',
    steps: planRescue(guest, found('running')),
    gives: ['prepare-rescue', 'shut-down', ...spawn.filter((step) => step !== 'prepare-files')],
  },
  {
    name: 'a rescue of a guest that is off',
    steps: planRescue(guest, found('shutOff')),
    gives: ['prepare-rescue', ...spawn.filter((step) => step !== 'prepare-files')],
  },
  {
    name: 'the disk of a running guest is copied while it is paused, and uploaded while it runs',
    steps: planSnapshot({ guestId: 'g', imageId: 'i', runs: true }, found('running')),
    gives: ['pause', 'copy-disk', 'unpause', 'upload-copy'],
  },
  {
    name: 'one that an interrupted snapshot left paused runs again',
    steps: planSnapshot({ guestId: 'g', imageId: 'i', runs: true }, found('paused')),
    gives: ['pause', 'copy-disk', 'unpause', 'upload-copy'],
  },
  {
    name: 'one that its user has paused stays paused',
    steps: planSnapshot({ guestId: 'g', imageId: 'i' }, found('paused')),
    gives: ['copy-disk', 'upload-copy'],
  },
  {
    name: 'a running guest is stopped',
    steps: planStop('g', found('running')),
    gives: ['shut-down'],
  },
  {
    name: 'one that is off is not stopped again',
    steps: planStop('g', found('shutOff')),
    gives: [],
  },
  {
    name: 'a guest detaches its devices before it is saved; a macvtap stays',
    steps: planSuspend(guest, found('running')),
    gives: ['detach-nic direct', 'save'],
  },
  {
    name: 'a guest that is saved already stays saved',
    steps: planSuspend(guest, found('saved')),
    gives: [],
  },
  {
    name: 'devices are attached again once the guest runs',
    steps: planResume(guest, found('saved')),
    gives: [
      'check-devices',
      'record-device',
      'record-device',
      'set-vf',
      'set-vf-link',
      'restore',
      'attach-nic direct',
    ],
  },
  {
    name: 'a resume that was interrupted before its devices were back',
    steps: planResume(guest, { ...found('running'), devices: [] }),
    gives: ['attach-nic direct'],
  },
  { name: 'one that already runs', steps: planResume(guest, found('running')), gives: [] },
  {
    name: 'a NIC is plugged before it is attached',
    steps: planAttach(guest, macvtap),
    gives: ['check-devices', 'record-device', 'set-vf', 'set-vf-link', 'attach-nic macvtap'],
  },
  {
    name: 'a NIC that the guest already has: its VF is not touched',
    steps: planAttach(guest, macvtap, found('running')),
    gives: ['attach-nic macvtap'],
  },
  {
    name: 'the bridge of a NIC exists before it, and is released after it',
    steps: [...planAttach(guest, wired), ...planDetach('g', wired, found('running'))],
    gives: [
      'check-devices',
      'make-bridge wired',
      'attach-nic wired',
      'detach-nic wired',
      'release-bridge wired',
    ],
  },
  {
    name: 'a VF is restored only after the guest has released it',
    steps: planDetach('g', macvtap, found('running')),
    gives: ['detach-nic macvtap', 'restore-device'],
  },
  {
    name: 'a NIC of a guest that no longer exists',
    steps: planDetach('g', direct, undefined),
    gives: [],
  },
])('$name', ({ steps, gives }) => {
  expect(expected(steps)).toEqual(gives);
});

test.each([true, false])('a rebuild starts from a fresh disk (stays off: %s)', (staysOff) => {
  const steps = planRespawn(guest, found('running'), { staysOff, fresh: true });
  expect(steps).toContainEqual({ do: 'prepare-files', guest, fresh: true });
  expect(planRespawn(guest, found('running'), { staysOff })).toContainEqual({
    do: 'prepare-files',
    guest,
    fresh: false,
  });
});

test('an attach checks only the new device: the guest itself holds the others', () => {
  const [check] = planAttach(guest, macvtap);
  expect(check).toMatchObject({ do: 'check-devices', guest: { nics: [macvtap], hostDevices: [] } });
});

test('settings of a VF are applied under a running guest, the link state last', () => {
  const vf = { spoofCheck: false, linkState: 'disable' } as const;
  const changed = { ...direct, vf } as GuestNic;
  expect(planChangeNic(changed, found('running'))).toEqual([
    { do: 'set-vf', address: vf0, change: { spoofCheck: false } },
    { do: 'set-vf', address: vf0, change: { linkState: 'disable' } },
  ]);
  expect(planChangeNic(changed, found('shutOff'))).toEqual([]);
  expect(planChangeNic(changed, undefined)).toEqual([]);
  expect(planChangeNic(wired, found('running'))).toEqual([]);
});

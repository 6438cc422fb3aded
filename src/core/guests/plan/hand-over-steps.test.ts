import {
  aBridgeNic,
  aFailoverNic,
  aGuest,
  aHostdevNic,
  aMacvtapNic,
  aTapNic,
  vf0,
  virtio,
} from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import type { GuestNic } from '../description/guest.ts';
import { handBackSteps, handOverSteps, unplugSteps } from './hand-over-steps.ts';
import { heldByNic } from '../description/held-device.ts';
import { printPlan } from './print-step.ts';
import { undoStep } from './undo-step.ts';

const like = (nic: GuestNic, change: object): GuestNic => ({ ...nic, ...change });
const wiring = { physicalNetwork: 'physnet1', vlan: 42 };
const vf = { spoofCheck: false, linkState: 'auto', maxTxRateMbps: 8 };

const nics = [
  {
    name: 'a macvtap',
    nic: aMacvtapNic(vf0),
    gives: [
      'record 0000:01:10.0 before guest g has it',
      'set VF 0000:01:10.0: MAC fa:16:3e:5b:10:01, VLAN 42',
      'set the interface of VF 0000:01:10.0: MAC fa:16:3e:5b:10:01, up',
    ],
  },
  {
    name: 'a macvtap on a flat network',
    nic: aMacvtapNic(vf0, null),
    gives: [
      'record 0000:01:10.0 before guest g has it',
      'set VF 0000:01:10.0: MAC fa:16:3e:5b:10:01, no VLAN',
      'set the interface of VF 0000:01:10.0: MAC fa:16:3e:5b:10:01, down',
    ],
  },
  {
    name: 'a macvtap whose external switch applies the VLAN',
    nic: like(aMacvtapNic(vf0, null), { portProfileId: 'profile-1' }),
    gives: ['record 0000:01:10.0 before guest g has it'],
  },
  {
    name: 'a VF that libvirt sets up',
    nic: aHostdevNic(vf0),
    gives: ['record 0000:01:10.0 before guest g has it'],
  },
  {
    name: 'a VF with a standby',
    nic: aFailoverNic(vf0),
    gives: [
      'record 0000:01:10.0 before guest g has it',
      'make bridge brqb2a7e0c4-55, joined to physnet1, VLAN 42',
    ],
  },
  {
    name: 'a VF whose port has more settings',
    nic: like(aHostdevNic(vf0), { trusted: true, vf }),
    gives: [
      'record 0000:01:10.0 before guest g has it',
      'set VF 0000:01:10.0: trust on, spoof check off, link state auto, rate limit 8 Mbit/s',
    ],
  },
  {
    name: 'a VF with a spoof check, which some NICs accept only after the MAC',
    nic: like(aHostdevNic(vf0), { vf: { spoofCheck: true } }),
    gives: [
      'record 0000:01:10.0 before guest g has it',
      'set VF 0000:01:10.0: MAC fa:16:3e:5b:10:01, spoof check on',
    ],
  },
  {
    name: 'a VF whose port says trusted false',
    nic: like(aHostdevNic(vf0), { trusted: false }),
    gives: ['record 0000:01:10.0 before guest g has it'],
  },
  {
    name: 'a bridge that the agent creates',
    nic: like(aBridgeNic(), { wiring }),
    gives: ['make bridge brqb2a7e0c4-55, joined to physnet1, VLAN 42'],
  },
  { name: 'a bridge of another program', nic: aBridgeNic(), gives: [] },
  { name: 'a tap that the agent creates', nic: aTapNic(), gives: ['make tap tap6d0f5f54-9a'] },
  {
    name: 'a tap that the agent creates, a port of Open vSwitch',
    nic: like(aTapNic(), { ovs: { bridge: 'br-int', interfaceId: 'p' } }),
    gives: ['make tap tap6d0f5f54-9a, a port of br-int'],
  },
  {
    name: 'a tap that libvirt creates',
    nic: like(aTapNic(), { madeByUs: false }),
    gives: [],
  },
];

test.each(nics)('before a guest starts with $name', ({ nic, gives }) => {
  const plan = printPlan(handOverSteps('g', nic));
  expect(plan).toBe(gives.length === 0 ? 'nothing to do' : gives.join('\n'));
});

test.each(nics)('$name: each step is reversed by its own undo', ({ nic }) => {
  const undone = handOverSteps('g', nic).flatMap((step) => undoStep(step) ?? []);
  expect(undone).toEqual(handBackSteps('g', nic));
});

test('a VF without a record is reset as Nova does it', () => {
  const held = (nic: GuestNic) => heldByNic(nic)!;
  expect(unplugSteps(held(aHostdevNic(vf0)))).toEqual([]);
  expect(printPlan(unplugSteps(held(aMacvtapNic(vf0))))).toBe(
    'set VF 0000:01:10.0: no MAC, no VLAN\n' +
      'set the interface of VF 0000:01:10.0: MAC 00:00:00:00:00:00, down',
  );
  const trusted = like(aHostdevNic(vf0), { trusted: true });
  expect(printPlan(unplugSteps(held(trusted)))).toBe('set VF 0000:01:10.0: trust off');
});

test('a guest that was defined and started is powered off and undefined', () => {
  const guest = aGuest();
  expect(undoStep({ do: 'start', guestId: guest.id })).toEqual({
    do: 'destroy',
    guestId: guest.id,
  });
  expect(undoStep({ do: 'define', guest })).toEqual({ do: 'undefine', guestId: guest.id });
  expect(undoStep({ do: 'check-devices', guest })).toBeUndefined();
});

test('the tap of a guest with several queues is multiqueue', () => {
  const queues = (count: number | null) =>
    handOverSteps('g', like(aTapNic(), { frontend: { ...virtio, queues: count } }));
  expect(queues(4)).toMatchObject([{ tap: { isMultiQueue: true } }]);
  expect(queues(1)).toMatchObject([{ tap: { isMultiQueue: false } }]);
  expect(queues(null)).toMatchObject([{ tap: { isMultiQueue: false, mtu: null, ovs: null } }]);
});

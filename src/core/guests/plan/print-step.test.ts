/** A plan as an operator reads it before it is carried out. */
import { aBridgeNic, aGuest, aHostdevNic, aMacvtapNic, vf0 } from '#test/hosts/guests.ts';
import { describe, expect, test } from 'vitest';
import { heldHostDevice } from '../description/held-device.ts';
import { printPlan, printStep } from './print-step.ts';
import type { Step } from './step.ts';
import { undoStep } from './undo-step.ts';

const guest = aGuest({ id: 'g' });
const device = heldHostDevice({ address: vf0 });
const mac = 'fa:16:3e:5b:10:01';
const bridge = 'br9';
const tap = { devName: 'tap1', macAddress: mac, mtu: null, isMultiQueue: false, ovs: null };
const ovs = { bridge: 'br-int', interfaceId: 'p' };
const makeBridge = { do: 'make-bridge', guestId: 'g', portId: 'p', bridge } as const;
const ofGuest = { guestId: 'g' };
const ofPort = { guestId: 'g', portId: 'p' };

const steps: { step: Step; reads: string }[] = [
  { step: { do: 'check-devices', guest }, reads: 'check the devices of instance-0000002a' },
  {
    step: { do: 'record-device', device, guestId: 'g', macAddress: mac },
    reads: 'record 0000:01:10.0 before guest g has it',
  },
  {
    step: { do: 'set-vf', address: vf0, change: { vlan: 42 } },
    reads: 'set VF 0000:01:10.0: VLAN 42',
  },
  {
    step: { do: 'set-vf-link', address: vf0, macAddress: mac, up: true },
    reads: `set the interface of VF 0000:01:10.0: MAC ${mac}, up`,
  },
  {
    step: { do: 'set-vf-link', address: vf0, macAddress: mac, up: false },
    reads: `set the interface of VF 0000:01:10.0: MAC ${mac}, down`,
  },
  {
    step: { do: 'restore-device', device, guestId: 'g' },
    reads: 'restore 0000:01:10.0 as recorded, and read it back',
  },
  {
    step: { ...makeBridge, wiring: { physicalNetwork: 'physnet1', vlan: 42 } },
    reads: 'make bridge br9, joined to physnet1, VLAN 42',
  },
  {
    step: { ...makeBridge, wiring: { physicalNetwork: 'physnet1', vlan: null } },
    reads: 'make bridge br9, joined to physnet1, untagged',
  },
  {
    step: { ...makeBridge, wiring: { physicalNetwork: null, vlan: 42 } },
    reads: 'make bridge br9, joined to nothing outside',
  },
  { step: { do: 'release-bridge', ...ofGuest }, reads: 'release the bridge of guest g' },
  { step: { do: 'release-bridge', ...ofPort }, reads: 'release the bridge of port p' },
  { step: { do: 'make-tap', ...ofPort, tap }, reads: 'make tap tap1' },
  {
    step: { do: 'make-tap', ...ofPort, tap: { ...tap, ovs } },
    reads: 'make tap tap1, a port of br-int',
  },
  { step: { do: 'remove-tap', ...ofGuest }, reads: 'remove the tap of guest g' },
  { step: { do: 'remove-tap', ...ofPort }, reads: 'remove the tap of port p' },
  {
    step: { do: 'prepare-files', guest, fresh: false },
    reads: 'prepare the files of guest instance-0000002a',
  },
  {
    step: { do: 'prepare-files', guest, fresh: true },
    reads: 'prepare the files of guest instance-0000002a, from a new disk',
  },
  { step: { do: 'remove-files', ...ofGuest }, reads: 'remove the files of guest g' },
  { step: { do: 'define', guest }, reads: 'define guest instance-0000002a' },
  { step: { do: 'start', ...ofGuest }, reads: 'start guest g' },
  { step: { do: 'destroy', ...ofGuest }, reads: 'cut the power of guest g' },
  { step: { do: 'undefine', ...ofGuest }, reads: 'undefine guest g' },
  { step: { do: 'shut-down', ...ofGuest }, reads: 'shut guest g down' },
  { step: { do: 'reboot', ...ofGuest }, reads: 'reboot guest g' },
  { step: { do: 'pause', ...ofGuest }, reads: 'pause guest g' },
  { step: { do: 'unpause', ...ofGuest }, reads: 'unpause guest g' },
  { step: { do: 'save', ...ofGuest }, reads: 'save the memory of guest g' },
  { step: { do: 'restore', ...ofGuest }, reads: 'restore guest g from its saved memory' },
  {
    step: { do: 'attach-nic', ...ofGuest, nic: aHostdevNic(vf0) },
    reads: `attach NIC ${mac} (0000:01:10.0) to guest g`,
  },
  {
    step: { do: 'detach-nic', ...ofGuest, nic: aBridgeNic() },
    reads: `detach NIC ${mac} from guest g`,
  },
  {
    step: { do: 'detach-nic', ...ofGuest, nic: aHostdevNic(vf0), keep: true },
    reads: `detach NIC ${mac} (0000:01:10.0) from guest g, kept in its definition`,
  },
];

test.each(steps)('$reads', ({ step, reads }) => {
  expect(printStep(step)).toBe(reads);
});

test('a plan has one line for each step, and an empty one has a line too', () => {
  const plan: Step[] = [
    { do: 'define', guest },
    { do: 'start', guestId: 'g' },
  ];
  expect(printPlan(plan)).toBe('define guest instance-0000002a\nstart guest g');
  expect(printPlan([])).toBe('nothing to do');
});

describe('how a step is undone', () => {
  const nic = aMacvtapNic(vf0);
  const undone: { name: string; given: Step; gives: Step }[] = [
    {
      name: 'a recorded device is restored',
      given: { do: 'record-device', device, guestId: 'g', macAddress: mac },
      gives: { do: 'restore-device', device, guestId: 'g' },
    },
    {
      name: 'a bridge is released for its port',
      given: { ...makeBridge, wiring: { physicalNetwork: null, vlan: null } },
      gives: { do: 'release-bridge', ...ofPort },
    },
    {
      name: 'a tap is removed',
      given: { do: 'make-tap', ...ofPort, tap },
      gives: { do: 'remove-tap', ...ofPort },
    },
    {
      name: 'files are removed',
      given: { do: 'prepare-files', guest, fresh: true },
      gives: { do: 'remove-files', guestId: 'g' },
    },
    {
      name: 'a detached NIC is attached again',
      given: { do: 'detach-nic', guestId: 'g', nic, keep: true },
      gives: { do: 'attach-nic', guestId: 'g', nic },
    },
    {
      name: 'an attached NIC is detached',
      given: { do: 'attach-nic', guestId: 'g', nic },
      gives: { do: 'detach-nic', guestId: 'g', nic },
    },
  ];
  test.each(undone)('$name', ({ given, gives }) => {
    expect(undoStep(given)).toEqual(gives);
  });

  test.each<Step>([
    { do: 'set-vf', address: vf0, change: { vlan: 42 } },
    { do: 'set-vf-link', address: vf0, macAddress: mac, up: true },
    { do: 'reboot', guestId: 'g' },
    { do: 'end-transfer', guestId: 'g' },
  ])('$do has none', (step) => {
    expect(undoStep(step)).toBeUndefined();
  });
});

/** Plans of guests that leave a host, or arrive on one. */
import {
  aBridgeNic,
  aFailoverNic,
  aGuest,
  aHostdevNic,
  aMacvtapNic,
  vf0,
  vf1,
} from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { heldDevices } from '../description/held-device.ts';
import type { FoundGuest } from './plan.ts';
import { planExpect, planMoveIn, planMoveOut, planPaused, planPrefetch } from './plan-move.ts';

const direct = { ...aHostdevNic(vf0), trusted: true } as const;
const guest = aGuest({ nics: [direct, aMacvtapNic(vf1), aBridgeNic()] });
const held = heldDevices(guest);
const found = (state: FoundGuest['state'], devices = held): FoundGuest => ({
  id: guest.id,
  name: 'instance-1',
  state,
  devices,
});
const names = (steps: readonly { do: string }[]) => steps.map((step) => step.do);
const to = 'host-2';

test('a guest that leaves is shut down, and its files stay', () => {
  const cold = names(planMoveOut(guest, found('running'), { to }));
  expect(cold[0]).toBe('shut-down');
  expect(cold.at(-1)).toBe('undefine');
  expect(cold).not.toContain('remove-files');
  expect(names(planMoveOut(guest, found('shutOff'), { to }))).not.toContain('shut-down');
  expect(planMoveOut(guest, undefined, { to })).toEqual([]);
});

test('a guest that is sent live is given up by its own devices first, then by the host', () => {
  const live = planMoveOut(guest, found('paused'), { to, arrival: 'there' });
  expect(names(live)).toEqual([
    ...['connect-hosts', 'detach-nic', 'send-guest', 'restore-device', 'restore-device'],
    ...['release-bridge', 'remove-tap', 'undefine'],
  ]);
  expect(live[1]).toMatchObject({ nic: { address: vf0 }, keep: true });
  // Its disk on the other host is empty: it must not be started from that.
  const off = names(planMoveOut(guest, found('shutOff'), { to, arrival: 'there' }));
  expect(off).toContain('send-guest');
});

test('a host that expects a guest has what its macvtaps and bridges need, and has recorded its VFs', () => {
  const expected = planExpect(guest, undefined, { from: 'host-1', files: '{}' });
  expect(names(expected).slice(0, 3)).toEqual(['check-arrival', 'fetch-files', 'define']);
  expect(expected[1]).toMatchObject({ isLive: true });
  const recorded = expected.flatMap((step) =>
    step.do === 'record-device' ? [step.device.address] : [],
  );
  expect(recorded).toEqual([vf0, vf1]);
  expect(expected).not.toContainEqual(expect.objectContaining({ do: 'set-vf', address: vf0 }));
  expect(planExpect(guest, found('running'), { from: 'host-1', files: '{}' })).toEqual([]);
});

test('a host prepares for a guest that still runs elsewhere without touching a device', () => {
  const steps = planPrefetch(guest, undefined, { from: 'host-1', files: '{}' });
  expect(names(steps)).toEqual(['check-arrival', 'prefetch-files']);
  expect(planPrefetch(guest, found('shutOff'), { from: 'host-1', files: '{}' })).toEqual([]);
});

test('a guest arrives with its files in the state it had; repeated, nothing but that state', () => {
  const arrive = (state: 'running' | 'paused' | 'shutOff', there?: FoundGuest['state']) =>
    names(planMoveIn(guest, there && found(there), { from: 'host-1', files: '{}', state }));
  expect(arrive('shutOff')).toEqual(['fetch-files', 'prepare-files', 'define', 'end-transfer']);
  expect(arrive('running').slice(0, 2)).toEqual(['check-devices', 'fetch-files']);
  expect(arrive('running').slice(-2)).toEqual(['start', 'end-transfer']);
  expect(arrive('paused').slice(-3)).toEqual(['start', 'pause', 'end-transfer']);
  const text = ['fetch-console', 'end-transfer'];
  expect(arrive('running', 'running')).toEqual(text);
  expect(arrive('paused', 'running')).toEqual(['pause', ...text]);
  expect(arrive('paused', 'paused')).toEqual(text);
  expect(names(planPaused(guest.id, undefined))).toEqual(['pause']);
});

test('a guest that came live is given the NICs that were unplugged for it, each once', () => {
  const arrived = { from: 'host-1', files: '{}', state: 'running' } as const;
  const without = held.filter(({ address }) => address !== vf0);
  const steps = planMoveIn(guest, found('running', without), arrived);
  expect(names(steps)).toEqual([
    ...['record-device', 'set-vf', 'attach-nic', 'fetch-console', 'end-transfer'],
  ]);
  expect(steps[2]).toMatchObject({ nic: { address: vf0 } });
});

test('a VF with a standby stays in the guest, and the new host prepares for it beforehand', () => {
  const failing = aGuest({ nics: [aFailoverNic(vf0)] });
  const live = { ...found('running'), devices: heldDevices(failing) };
  expect(names(planMoveOut(failing, live, { to, arrival: 'there' }))).toEqual([
    ...[
      'connect-hosts',
      'send-guest',
      'restore-device',
      'release-bridge',
      'remove-tap',
      'undefine',
    ],
  ]);
  const expected = names(planExpect(failing, undefined, { from: 'host-1', files: '{}' }));
  expect(expected.slice(-2)).toEqual(['record-device', 'make-bridge']);
  const arrived = { from: 'host-1', files: '{}', state: 'running' } as const;
  expect(names(planMoveIn(failing, live, arrived))).toEqual(['fetch-console', 'end-transfer']);
});

test('of a guest whose files both hosts have none is fetched, and none made without them', () => {
  const shared = { from: 'host-1', files: '{}', keepsFiles: true } as const;
  const files = (steps: readonly { do: string }[]) =>
    names(steps).filter((step) => /files|console/.test(step));
  expect(files(planExpect(guest, undefined, shared))).toEqual([]);
  expect(files(planPrefetch(guest, undefined, shared))).toEqual([]);
  const arrived = { ...shared, state: 'running' } as const;
  expect(files(planMoveIn(guest, undefined, arrived))).toEqual(['find-files', 'prepare-files']);
  // A stopped guest was not checked before.
  const find = { do: 'find-files', offer: '{}' };
  expect(planMoveIn(guest, undefined, { ...arrived, state: 'shutOff' })[0]).toMatchObject(find);
  expect(files(planMoveIn(guest, found('running'), arrived))).toEqual([]);
  expect(planExpect(guest, undefined, shared)[0]).toMatchObject({ keepsFiles: true });
});

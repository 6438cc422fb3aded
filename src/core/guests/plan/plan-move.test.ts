/** Plans of guests that leave a host, or arrive on one. */
import { expect, test } from 'vitest';
import { aGuest } from '#test/hosts/guests.ts';
import type { FoundGuest } from './plan.ts';
import { planMoveIn, planMoveOut, planPaused } from './plan-move.ts';

const guest = aGuest({});
const found = (state: FoundGuest['state']): FoundGuest => ({
  id: guest.id,
  name: 'instance-1',
  state,
  devices: [],
});
const names = (steps: readonly { do: string }[]) => steps.map((step) => step.do);

test('a guest that leaves is shut down, and its files stay; a live one just ends', () => {
  const cold = names(planMoveOut(guest, found('running'), { isLive: false }));
  expect(cold).toContain('shut-down');
  expect(cold.at(-1)).toBe('undefine');
  expect(cold).not.toContain('remove-files');
  const live = names(planMoveOut(guest, found('paused'), { isLive: true }));
  expect(live).toContain('destroy');
  expect(live).not.toContain('shut-down');
  expect(names(planMoveOut(guest, found('shutOff'), { isLive: false }))).not.toContain('shut-down');
  expect(planMoveOut(guest, undefined, { isLive: false })).toEqual([]);
});

test('a guest arrives with its files in the state it had; repeated, nothing but that state', () => {
  const arrive = (state: 'running' | 'paused' | 'shutOff', there?: FoundGuest['state']) =>
    names(planMoveIn(guest, there && found(there), { files: '{}', state }));
  expect(arrive('shutOff')).toEqual(['receive-files', 'prepare-files', 'define']);
  expect(arrive('running').slice(0, 2)).toEqual(['check-devices', 'receive-files']);
  expect(arrive('running').at(-1)).toBe('start');
  expect(arrive('paused').slice(-2)).toEqual(['start', 'pause']);
  expect(arrive('running', 'running')).toEqual([]);
  expect(arrive('paused', 'running')).toEqual(['pause']);
  expect(arrive('paused', 'paused')).toEqual([]);
  expect(names(planPaused(guest.id, undefined))).toEqual(['pause']);
});

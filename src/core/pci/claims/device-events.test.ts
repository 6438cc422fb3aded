/** The history that changes of device rows mean. */
import { expect, test } from 'vitest';
import type { PciDevice } from '../devices/device.ts';
import { aVf } from '#test/worlds/store-rows.ts';
import { deviceEvents } from './device-events.ts';

const vf = (change: Partial<PciDevice> = {}) => aVf('0000:81:10.0', change);
const held = { serverId: 's1', requestId: 'r1' };
const claimed = vf({ ...held, status: 'claimed' });
const allocated = vf({ ...held, status: 'allocated' });
const missing = vf({ ...held, status: 'missing' });
const dirty = vf({ status: 'unavailable', quarantine: 'dirty' });

test.each([
  ['chosen for a server', vf(), claimed, []],
  ['given to its guest', claimed, allocated, ['given s1']],
  ['released', allocated, vf(), ['released s1']],
  ['released before the guest ran', claimed, vf(), ['released s1']],
  ['taken over by another', allocated, { ...claimed, serverId: 's2' }, ['released s1']],
  ['lost', allocated, missing, ['missing s1']],
  ['back', missing, allocated, ['returned s1']],
  ['lost and released', missing, vf({ status: 'removed' }), ['released s1']],
  ['quarantined', vf(), dirty, ['quarantined null']],
  ['quarantined at its release', allocated, dirty, ['released s1', 'quarantined null']],
  ['found dirty at first', undefined, dirty, ['quarantined null']],
  ['still quarantined', dirty, { ...dirty, numaNode: 1 }, []],
  ['cleared', dirty, vf(), ['cleared null']],
  ['hidden by its PF', vf(), vf({ status: 'unavailable' }), []],
  ['found at first', undefined, vf(), []],
] as const)('a device that is %s', (_, before, after, expected) => {
  const events = deviceEvents(() => before, [after]);
  expect(events.map(({ event, serverId }) => `${event} ${serverId}`)).toEqual(expected);
  for (const { event, requestId, detail } of events) {
    expect(detail).toBe(event === 'quarantined' ? 'dirty' : null);
    expect(requestId).toBe(/quarantined|cleared/.test(event) ? null : 'r1');
  }
});

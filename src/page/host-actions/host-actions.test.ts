import { expect, test } from 'vitest';
import type { EnrolmentView, HostView } from '#client/shapes/hosts.ts';
import { actionsOf } from './host-actions.ts';

const enrolled = { revoked_at: null } as EnrolmentView;
const revoked = { revoked_at: '2026-01-02T03:04:05Z' } as EnrolmentView;
const up = { name: 'hv1', state: 'up', status: 'enabled', forced_down: false } as HostView;
const down = { ...up, state: 'down' } as HostView;

test.each([
  ['a host of the controller itself', up, undefined, ['Disable …', 'Force down …']],
  [
    'one that is connected',
    up,
    enrolled,
    ['Disable …', 'Force down …', 'New enrolment token …', 'Revoke certificate …'],
  ],
  [
    'one that is disabled, forced down and revoked',
    { ...down, status: 'disabled', forced_down: true } satisfies HostView,
    revoked,
    ['Enable …', 'Undo forced down …', 'New enrolment token …', 'Remove …'],
  ],
  [
    'one that was of the controller itself',
    down,
    undefined,
    ['Disable …', 'Force down …', 'New enrolment token …', 'Remove …'],
  ],
])('%s: what can be done with it', (_, host, enrolment, labels) => {
  expect(actionsOf(host, enrolment).map(({ label }) => label)).toEqual(labels);
});

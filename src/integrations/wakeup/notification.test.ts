import { expect, test } from 'vitest';
import { readNotification, topicNotifications } from './notification.ts';

test('what a controller notifies is read as it was sent', () => {
  const [payload = ''] = topicNotifications('a', ['tasks', 'commands:h']);
  expect(readNotification(payload)).toEqual({ from: 'a', topics: ['tasks', 'commands:h'] });
  for (const message of [
    { type: 'console', hostId: 'h', request: { id: 'r', act: 'find', guestId: 'g', kind: 'vnc' } },
    { type: 'console-answer', host: 'hv1', answer: { id: 'r', place: null } },
    { type: 'console-answer', host: 'hv1', answer: { id: 'r', problem: 'p', isConflict: true } },
    { type: 'cache-image', hostId: 'h', imageId: 'i' },
  ]) {
    const sent = { from: 'a', topics: [], message };
    expect(readNotification(JSON.stringify(sent))).toEqual(sent);
  }
});

test('what another program notifies is no notification', () => {
  const payloads = [
    '',
    'hello',
    '{',
    'null',
    '[]',
    '{}',
    '{"from":"a","topics":"tasks"}',
    '{"from":"a","topics":[1]}',
    '{"from":"a","topics":[],"message":{"type":"console-answer","host":"h"}}',
    '{"from":"a","topics":[],"message":{"type":"other"}}',
  ];
  expect(payloads.filter((payload) => readNotification(payload) !== undefined)).toEqual([]);
});

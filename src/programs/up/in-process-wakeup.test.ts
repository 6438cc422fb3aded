import { expect, test } from 'vitest';
import { inProcessWakeup } from './in-process-wakeup.ts';

/** Waits until notifications are delivered. */
const delivered = () => Promise.resolve();

test('a notification reaches every listener of its topic and no other', async () => {
  const wakeup = inProcessWakeup();
  const received: string[] = [];
  wakeup.listen('tasks', () => received.push('first'));
  wakeup.listen('tasks', () => received.push('second'));
  wakeup.listen('commands:host-1', () => received.push('host-1'));
  wakeup.notify('tasks');
  await delivered();
  expect(received).toEqual(['first', 'second']);
});

test('listeners run after the notifying code has continued', async () => {
  const wakeup = inProcessWakeup();
  const order: string[] = [];
  wakeup.listen('tasks', () => order.push('listener'));
  wakeup.notify('tasks');
  order.push('notifier');
  await delivered();
  expect(order).toEqual(['notifier', 'listener']);
});

test('concurrent notifications are one; one from inside a listener is another', async () => {
  const wakeup = inProcessWakeup();
  let notified = 0;
  wakeup.listen('tasks', () => {
    notified += 1;
    if (notified === 1) wakeup.notify('tasks');
  });
  wakeup.notify('tasks');
  wakeup.notify('tasks');
  await delivered();
  await delivered();
  expect(notified).toBe(2);
});

test('an unsubscribed listener is not called; others still are', async () => {
  const wakeup = inProcessWakeup();
  const messages: string[] = [];
  const same = () => messages.push('same');
  const stop = wakeup.listen('tasks', same);
  wakeup.listen('tasks', same);
  stop();
  stop();
  wakeup.notify('tasks');
  await delivered();
  expect(messages).toEqual(['same']);
});

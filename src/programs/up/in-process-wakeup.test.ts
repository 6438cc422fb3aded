import { expect, test } from 'vitest';
import { inProcessWakeup } from './in-process-wakeup.ts';

/** Waits until notifications are delivered. */
const delivered = () => Promise.resolve();

test('a notification reaches every listener of its topic and no other', async () => {
  const wakeup = inProcessWakeup();
  const heard: string[] = [];
  wakeup.listen('tasks', () => heard.push('first'));
  wakeup.listen('tasks', () => heard.push('second'));
  wakeup.listen('commands:host-1', () => heard.push('host-1'));
  wakeup.notify('tasks');
  await delivered();
  expect(heard).toEqual(['first', 'second']);
});

test('listeners run after the one who notifies has gone on', async () => {
  const wakeup = inProcessWakeup();
  const order: string[] = [];
  wakeup.listen('tasks', () => order.push('listener'));
  wakeup.notify('tasks');
  order.push('notifier');
  await delivered();
  expect(order).toEqual(['notifier', 'listener']);
});

test('many notifications at once are one; one from inside a listener is another', async () => {
  const wakeup = inProcessWakeup();
  let heard = 0;
  wakeup.listen('tasks', () => {
    heard += 1;
    if (heard === 1) wakeup.notify('tasks');
  });
  wakeup.notify('tasks');
  wakeup.notify('tasks');
  await delivered();
  await delivered();
  expect(heard).toBe(2);
});

test('who stopped listening hears nothing, and others go on', async () => {
  const wakeup = inProcessWakeup();
  const heard: string[] = [];
  const same = () => heard.push('same');
  const stop = wakeup.listen('tasks', same);
  wakeup.listen('tasks', same);
  stop();
  stop();
  wakeup.notify('tasks');
  await delivered();
  expect(heard).toEqual(['same']);
});

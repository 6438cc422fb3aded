/** The suite that every form of wake-ups must pass. */
import { expect, test, vi } from 'vitest';
import type { Wakeup } from './wakeup.ts';

/** `one` notifies and `other` listens: of one process, or of two. */
export interface WakeupEnds {
  one: Wakeup;
  other: Wakeup;
}

/** `open`: fresh ends, which are closed when the test ends. */
export function wakeupContract(open: () => Promise<WakeupEnds>): void {
  test('a notification reaches every listener of its topic and no other', async () => {
    const { one, other } = await open();
    const received: string[] = [];
    other.listen('commands:host-1', () => received.push('host-1'));
    other.listen('tasks', () => received.push('first'));
    other.listen('tasks', () => received.push('second'));
    one.notify('tasks');
    await vi.waitFor(() => expect(received).toEqual(['first', 'second']));
  });

  test('the notifier wakes its own listeners too, after it has continued', async () => {
    const { one } = await open();
    const order: string[] = [];
    one.listen('tasks', () => order.push('listener'));
    one.notify('tasks');
    order.push('notifier');
    await vi.waitFor(() => expect(order).toEqual(['notifier', 'listener']));
  });

  test('many notifications of one turn are one; one from inside a listener is another', async () => {
    const { one, other } = await open();
    let notified = 0;
    other.listen('tasks', () => {
      notified += 1;
      if (notified === 1) one.notify('tasks');
    });
    let last = 0;
    other.listen('enrolments', () => (last += 1));
    for (let count = 0; count < 100; count += 1) one.notify('tasks');
    await vi.waitFor(() => expect(notified).toBe(2));
    one.notify('enrolments');
    await vi.waitFor(() => expect(last).toBe(1));
    expect(notified).toBe(2);
  });

  test('notifications of many topics all arrive', async () => {
    const { one, other } = await open();
    const topics = Array.from({ length: 1_000 }, () => `ended:${crypto.randomUUID()}` as const);
    const received = new Set<string>();
    for (const topic of topics) other.listen(topic, () => received.add(topic));
    for (const topic of topics) one.notify(topic);
    await vi.waitFor(() => expect(received.size).toBe(topics.length));
  });

  test('a listener that ended is not called; others still are', async () => {
    const { one, other } = await open();
    const messages: string[] = [];
    const same = () => messages.push('same');
    const stop = other.listen('tasks', same);
    other.listen('tasks', same);
    stop();
    stop();
    one.notify('tasks');
    await vi.waitFor(() => expect(messages).toEqual(['same']));
  });
}

/** Wake-ups between the parts of one process. */
import { AsyncResource } from 'node:async_hooks';
import type { Wakeup, WakeupTopic } from '#contracts/wakeup.ts';

export interface InProcessWakeup extends Wakeup {
  /** Wakes every listener: any wake-up may have been lost. */
  notifyAll(): void;
}

/**
 * A Wakeup without a network. Listeners are called after the notifier has continued; several
 * wake-ups of one topic until then are one.
 */
export function inProcessWakeup(): InProcessWakeup {
  const listeners = new Map<WakeupTopic, Set<() => void>>();
  const notified = new Set<WakeupTopic>();

  const deliver = (topic: WakeupTopic): void => {
    notified.delete(topic);
    for (const listener of listeners.get(topic) ?? []) listener();
  };
  const notify = (topic: WakeupTopic): void => {
    if (notified.has(topic)) return;
    notified.add(topic);
    queueMicrotask(() => deliver(topic));
  };

  return {
    notify,
    notifyAll() {
      for (const topic of listeners.keys()) notify(topic);
    },
    listen(topic, listener) {
      // Wrapped, so that a function added twice is called twice, and the work it begins does not
      // belong to the notifier's request.
      const entry = AsyncResource.bind((): void => listener());
      const ofTopic = listeners.get(topic) ?? new Set();
      listeners.set(topic, ofTopic.add(entry));
      return () => {
        ofTopic.delete(entry);
        if (ofTopic.size === 0 && listeners.get(topic) === ofTopic) listeners.delete(topic);
      };
    },
  };
}

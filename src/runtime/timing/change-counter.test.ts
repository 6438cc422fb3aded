import { expect, test, vi } from 'vitest';
import { ChangeCounter } from './change-counter.ts';

test('each change is counted and reported to every listener until it is ended', () => {
  const changes = new ChangeCounter();
  const listener = vi.fn<() => void>();
  const ends = [changes.onChange(listener), changes.onChange(listener)];
  changes.add();
  expect(changes.count).toBe(1);
  expect(listener).toHaveBeenCalledTimes(2);
  ends[0]?.();
  changes.add();
  expect(changes.count).toBe(2);
  expect(listener).toHaveBeenCalledTimes(3);
});

import { afterEach, expect, test, vi } from 'vitest';
import { oncePerFrame } from './once-per-frame.ts';

afterEach(() => vi.unstubAllGlobals());

test('what is requested many times is done once for each frame, and not after its end', () => {
  const due = new Map<number, () => void>();
  let frames = 0;
  vi.stubGlobal('requestAnimationFrame', (act: () => void) => {
    frames += 1;
    due.set(frames, act);
    return frames;
  });
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => due.delete(frame));
  const show = () => {
    const acts = [...due.values()];
    due.clear();
    for (const act of acts) act();
  };
  let done = 0;
  const work = oncePerFrame(() => {
    done += 1;
  });
  for (let at = 0; at < 100; at += 1) work.request();
  expect(done).toBe(0);
  show();
  show();
  expect(done).toBe(1);
  work.request();
  work.cancel();
  show();
  expect(done).toBe(1);
  work.request();
  show();
  expect(done).toBe(2);
});

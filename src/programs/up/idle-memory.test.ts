import { afterEach, expect, test } from 'vitest';
import { returnIdleMemory, thisProcess } from './idle-memory.ts';

const mib = 1024 ** 2;
let stop = (): void => {};
afterEach(() => stop());

/** Seconds with this processor time each, in milliseconds; the number of collections after each. */
function collections(
  seconds: readonly number[],
  heap: { heapTotal: number; heapUsed: number },
): number[] {
  let cpuMs = 1_000;
  let count = 0;
  const idle = returnIdleMemory({
    cpuMs: () => cpuMs,
    heap: () => heap,
    collect: () => {
      count += 1;
      // Its own time.
      cpuMs += 300;
    },
  });
  stop = idle.stop;
  return seconds.map((used) => {
    cpuMs += used;
    idle.check();
    return count;
  });
}

test.each([
  { title: 'after two quiet seconds', seconds: [10, 10, 500], expected: [0, 1, 1] },
  { title: 'not while it works', seconds: [10, 500, 10, 500], expected: [0, 0, 0, 0] },
  { title: 'again if it does not help', seconds: [10, 10, 10, 10], expected: [0, 1, 1, 2] },
  {
    title: 'no third time in vain',
    seconds: [10, 10, 10, 10, 10, 10, 10, 10],
    expected: [0, 1, 1, 2, 2, 2, 2, 2],
  },
])('memory is returned $title', ({ seconds, expected }) => {
  expect(collections(seconds, { heapTotal: 100 * mib, heapUsed: 36 * mib })).toEqual(expected);
});

test.each([
  ['little unused memory', { heapTotal: 44 * mib, heapUsed: 36 * mib }],
  [
    'a large heap, whose collection would be a long pause',
    { heapTotal: 900 * mib, heapUsed: 300 * mib },
  ],
])('%s is left alone', (_title, heap) => {
  expect(collections([1, 1, 1, 1], heap)).toEqual([0, 0, 0, 0]);
});

test('garbage since the last collection is not in use', () => {
  const { collect, heap } = thisProcess();
  collect();
  const { heapUsed } = heap();
  const garbage = Array.from({ length: 100_000 }, (_, at) => ({ at }));
  expect(garbage).toHaveLength(100_000);
  expect(process.memoryUsage().heapUsed).toBeGreaterThan(heapUsed + mib);
  expect(heap().heapUsed).toBe(heapUsed);
});

test('the heap of this process can be collected, and no code is given the function', () => {
  const { collect, heap } = thisProcess();
  collect();
  expect(heap().heapUsed).toBeGreaterThan(0);
  expect('gc' in globalThis).toBe(false);
});

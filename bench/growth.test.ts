import { expect, test } from 'vitest';
import { fewestSamples, growthOf } from './growth.ts';

const thirty = (of: (at: number) => number) => Array.from({ length: 30 }, (_, at) => of(at));

test.each([
  { what: 'what is level', samples: thirty(() => 80), share: 0 },
  { what: 'a steady leak', samples: thirty((at) => 80 + at), share: (104.5 - 84.5) / 84.5 },
  { what: 'what shrinks', samples: thirty((at) => (at < 15 ? 100 : 50)), share: -0.5 },
  {
    what: 'single peaks in the last third',
    samples: thirty((at) => (at > 27 ? 900 : 80)),
    share: 0,
  },
  { what: 'noise', samples: thirty((at) => 80 + ((at * 7) % 5)), share: 0 },
])('$what grows by $share', ({ samples, share }) => {
  expect(growthOf(samples).share).toBeCloseTo(share, 1);
});

test('too few samples are refused', () => {
  const few = Array.from({ length: fewestSamples - 1 }, () => 80);
  expect(() => growthOf(few)).toThrow(/needs 15 samples, there are 14/);
});

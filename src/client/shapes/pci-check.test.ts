import { expect, test } from 'vitest';
import { type CheckView, worstResult } from './pci-check.ts';

const cases: { of: CheckView['result'][]; worst: CheckView['result'] }[] = [
  { of: [], worst: 'fine' },
  { of: ['fine', 'fine'], worst: 'fine' },
  { of: ['problems', 'fine'], worst: 'problems' },
  { of: ['fine', 'unsafe', 'problems'], worst: 'unsafe' },
];

test.each(cases)('the worst of $of is $worst', ({ of, worst }) => {
  expect(worstResult(of.map((result) => ({ result })))).toBe(worst);
});

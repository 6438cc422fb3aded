/** Limits of a project, and what a request would exceed. */
import { describe, expect, test } from 'vitest';
import { exceededQuotas, headroom, quotaSentence } from './check.ts';
import { limitsOf, noLimits, type QuotaLimits, standardLimits } from './limits.ts';

const limits: QuotaLimits = { ...standardLimits, cores: -1 };

describe('limits of a project', () => {
  const quotas = {
    default: standardLimits,
    projects: new Map([
      ['demo', { instances: 3, cores: 4 }],
      ['p1', { instances: 5 }],
    ]),
  };

  test.each([
    { project: { id: 'p9', name: 'other' }, instances: 10, cores: 20 },
    { project: { id: 'p9', name: 'demo' }, instances: 3, cores: 4 },
    { project: { id: 'p1', name: 'demo' }, instances: 5, cores: 4 },
    { project: { id: 'p1', name: undefined }, instances: 5, cores: 20 },
    { project: { id: 'p9', name: 'constructor' }, instances: 10, cores: 20 },
  ])('$project has $instances instances and $cores cores', ({ project, instances, cores }) => {
    expect(limitsOf(quotas, project)).toMatchObject({ instances, cores, ports: 500 });
  });
});

test.each([
  { used: 9, given: 1, exceeded: [] },
  { used: 9, given: 2, exceeded: ['instances'] },
  { used: 10, given: 1, exceeded: ['instances'] },
  { used: 12, given: 1, exceeded: ['instances'] },
  { used: 12, given: 0, exceeded: [] },
])('$given more with $used of 10 in use: exceeds $exceeded', ({ used, given, exceeded }) => {
  expect(
    exceededQuotas(limits, { used: { instances: used }, requested: { instances: given } }),
  ).toEqual(exceeded);
});

test('a limit of -1 means unlimited, and a limit of 0 allows nothing', () => {
  const requested = { instances: 1_000_000, cores: 1_000_000 };
  expect(exceededQuotas(noLimits, { used: {}, requested })).toEqual([]);
  expect(exceededQuotas({ ...limits, instances: 0 }, { used: {}, requested })).toEqual([
    'instances',
  ]);
});

test('the remainder is never negative', () => {
  expect(headroom(limits, 'instances', 12)).toBe(0);
  expect(headroom(limits, 'cores', 12)).toBe(Number.POSITIVE_INFINITY);
});

test('the refusal names every exceeded limit, in alphabetical order', () => {
  const used = { instances: 9, ram: 50_000 };
  const exceeded = exceededQuotas(limits, { used, requested: { ram: 4096, instances: 3 } });
  expect(
    quotaSentence(exceeded, { limits, used, requested: { ram: 4096, instances: '2-3' } }),
  ).toBe(
    'Quota exceeded for instances, ram: Requested 2-3, 4096, but already used 9, 50000 of 10, 51200 instances, ram',
  );
});

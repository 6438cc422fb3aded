import { expect, test } from 'vitest';
import { standardLimits } from './limits.ts';
import { allowedServers } from './new-servers.ts';

const limits = { ...standardLimits, ram: -1 };
const ask = (used: object, [minCount, maxCount]: [number, number], cores = 1, ram = 512) =>
  allowedServers(limits, { used, requested: { minCount, maxCount, cores, ram } });

test.each([
  { used: {}, counts: [1, 1], cores: 1, allowed: 1 },
  { used: { instances: 8 }, counts: [1, 5], cores: 1, allowed: 2 },
  { used: { cores: 15 }, counts: [1, 5], cores: 2, allowed: 2 },
  { used: { cores: 20 }, counts: [2, 3], cores: 0, allowed: 3 },
  { used: { ram: 1e9 }, counts: [1, 10], cores: 1, allowed: 10 },
  { used: { server_group_members: 9 }, counts: [1, 5], cores: 1, allowed: 1 },
] as const)(
  'with $counts requested beside $used, $allowed may be created',
  ({ used, counts, cores, allowed }) => {
    expect(ask(used, [...counts], cores)).toBe(allowed);
  },
);

test.each([
  {
    used: { instances: 9 },
    counts: [3, 3],
    cores: 1,
    expected: 'Quota exceeded for instances: Requested 3, but already used 9 of 10 instances',
  },
  {
    used: { instances: 9, cores: 9 },
    counts: [2, 12],
    cores: 1,
    expected:
      'Quota exceeded for cores, instances: Requested 12, 2-12, but already used 9, 9 of 20, 10 cores, instances',
  },
  {
    used: { instances: 1, cores: 18 },
    counts: [1, 1],
    cores: 4,
    expected: 'Quota exceeded for cores: Requested 4, but already used 18 of 20 cores',
  },
  {
    used: { server_group_members: 10 },
    counts: [1, 1],
    cores: 1,
    expected: 'Quota exceeded, too many servers in group',
  },
] as const)('$counts beside $used: $expected', ({ used, counts, cores, expected }) => {
  expect(() => ask(used, [...counts], cores)).toThrow(
    expect.objectContaining({ kind: 'overQuota', message: expected }),
  );
});

import { expect, test } from 'vitest';
import { isMigratable, needsMigratable, withMigratableNeed } from './migratable.ts';
import type { PciRequest } from './request.ts';

const request = (...spec: PciRequest['spec']): PciRequest => ({
  requestId: 'request-1',
  count: 1,
  spec,
  needsInterface: false,
  aliasName: null,
  numaPolicy: null,
  requesterId: 'port-1',
});

test('a device is migratable where its device spec has live_migratable', () => {
  expect(isMigratable({ tags: { live_migratable: 'true' } })).toBe(true);
  for (const tags of [{}, { live_migratable: 'false' }, { live_migratable: null }]) {
    expect(isMigratable({ tags })).toBe(false);
  }
});

test('the need is added to every alternative of a request, and taken from it again', () => {
  const some = request({ physical_network: 'physnet1' }, { physical_network: 'physnet2' });
  const needing = withMigratableNeed(some, true);
  expect(needing.spec).toEqual([
    { physical_network: 'physnet1', live_migratable: 'true' },
    { physical_network: 'physnet2', live_migratable: 'true' },
  ]);
  expect([some, needing].map(needsMigratable)).toEqual([false, true]);
  expect(withMigratableNeed(needing, false)).toEqual(some);
});

test('a request needs it only if each alternative does', () => {
  expect(needsMigratable(request())).toBe(false);
  expect(needsMigratable(request({ live_migratable: 'true' }, {}))).toBe(false);
});

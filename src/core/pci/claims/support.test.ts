import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aCard, aRequest } from '#test/hosts/pci-cards.ts';
import { assignPools } from '../pools/assign-pools.ts';
import { poolsOf } from '../pools/pool.ts';
import type { PciRequestSpec } from '../requests/request.ts';
import { canSupport, supports } from './support.ts';

const pools = poolsOf([...aCard({ vfs: 2 }), ...aCard({ bus: 'd8', vfs: 3, numaNode: 1 })]);

test('an excessive request is refused with its reason', () => {
  const requested = [aRequest('r1', { count: 6 })];
  const expected = { ok: false, reasons: [{ message: 'physnet1: 5 of 6 VFs free' }] };
  expect(canSupport(pools, requested)).toMatchObject(expected);
});

test('a PF and its VFs exclude each other', () => {
  const both = [aRequest('r1', { asks: { dev_type: 'type-PF' } }), aRequest('r2')];
  expect(canSupport(poolsOf(aCard({ vfs: 2 })), both).ok).toBe(false);
});

test('no requests are supported', () => {
  expect(supports([], [])).toBe(true);
});

const pick = fc.constantFrom<PciRequestSpec>(
  {},
  { dev_type: 'type-PF' },
  { trusted: 'true' },
  { trusted: null },
);
const card = fc.record({
  vfs: fc.nat(2),
  numaNode: fc.constantFrom(0, 1),
  tags: fc.constantFrom<Record<string, string>>({}, { trusted: 'true' }),
});
const request = fc.record({
  count: fc.integer({ min: 1, max: 3 }),
  numaPolicy: fc.constantFrom('required', 'preferred', null),
  asks: pick,
});

test('the quick answer equals that of the search', () => {
  const cards = fc.array(card, { maxLength: 3 });
  const cells = fc.constantFrom([], [0], [1]);
  fc.assert(
    fc.property(
      cards,
      fc.array(request, { maxLength: 3 }),
      cells,
      (cardOptions, requested, near) => {
        const given = poolsOf(
          cardOptions.flatMap((options, at) => aCard({ ...options, bus: `0${at}` })),
        );
        const requests = requested.map((options, at) => aRequest(`r${at}`, options));
        const placement = { cells: near };
        const found = assignPools(given, requests, placement) !== undefined;
        expect(supports(given, requests, placement)).toBe(found);
        expect(canSupport(given, requests, placement).ok).toBe(found);
      },
    ),
    { numRuns: 500 },
  );
});

test('eight equal devices for eight requests are counted, not tried one by one', () => {
  const alike = poolsOf(
    Array.from({ length: 8 }, (_, at) => aCard({ bus: `0${at}`, vfs: at + 1 })).flat(),
  );
  const ports = Array.from({ length: 8 }, (_, at) => aRequest(`r${at}`));
  const pfs = ports.map((port) => ({ ...port, spec: [{ dev_type: 'type-PF' }] }));
  expect(supports(alike, ports)).toBe(true);
  expect(supports(alike, pfs)).toBe(true);
  expect(supports(alike, [...pfs, pfs[0]!])).toBe(false);
});

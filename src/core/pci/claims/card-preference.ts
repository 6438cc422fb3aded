/**
 * Which card a VF comes from when several cards have equal ones: packed on few, or spread over
 * many. Never changes whether a server fits.
 */
import { assignPools, isUsable, type PoolShare } from '../pools/assign-pools.ts';
import { type PciDevicePool, poolKey } from '../pools/pool.ts';
import { requestsOnly, inTakingOrder, type NumaPlacement } from '../pools/pool-match.ts';
import type { PciRequest } from '../requests/request.ts';

/**
 * pack: cards in use are filled first, so that entire cards stay free. spread: the emptiest card
 * first, also among one server's NICs.
 */
export const cardPreferences = ['pack', 'spread'] as const;

export type CardPreference = (typeof cardPreferences)[number];

/**
 * As `assignPools`, choosing among cards with equal devices. Example: two VFs of physnet1, two
 * cards with 4 each, spread → one of each card. Where a request takes entire cards, or more than
 * one card has, the result is that of `assignPools`.
 */
export function assignPreferring(
  preference: CardPreference,
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement,
): PoolShare[] | undefined {
  const plain = assignPools(pools, requests, placement);
  if (plain === undefined || requests.some(({ spec }) => requestsOnly(spec, 'type-PF')))
    return plain;
  const shares: PoolShare[] = [];
  for (const [at, request] of requests.entries()) {
    const left = pools.map((pool) => ({ pool, left: { ...pool, count: freeAfter(pool, shares) } }));
    const choice = inPreferredOrder(preference, left, request, placement).find((one) => {
      const then = left.map((each) => (each === one ? less(each.left, request.count) : each.left));
      return assignPools(then, requests.slice(at + 1), placement) !== undefined;
    });
    if (choice === undefined) return plain;
    shares.push({ request, pool: choice.pool, count: request.count });
  }
  return shares;
}

interface Remaining {
  pool: PciDevicePool;
  /** The pool with what is left after earlier requests of the server. */
  left: PciDevicePool;
}

/**
 * Pools that have enough for the request: kinds in the usual order, cards of one kind by how much
 * they have left.
 */
function inPreferredOrder(
  preference: CardPreference,
  all: readonly Remaining[],
  request: PciRequest,
  placement: NumaPlacement,
): Remaining[] {
  const usable = all.filter(
    ({ left }) => left.count >= request.count && isUsable(left, request, placement),
  );
  const usual = inTakingOrder(
    usable.map(({ left }) => left),
    placement,
  );
  const kinds = [...new Set(usual.map(kindOf))];
  const sign = preference === 'pack' ? 1 : -1;
  const rank = ({ left }: Remaining) => [kinds.indexOf(kindOf(left)), sign * left.count];
  return usable.toSorted(
    (one, other) => compareRanks(rank(one), rank(other)) || order(usual, one) - order(usual, other),
  );
}

function compareRanks([kind = 0, count = 0]: number[], [otherKind = 0, otherCount = 0]: number[]) {
  return kind - otherKind || count - otherCount;
}

function order(usual: readonly PciDevicePool[], { left }: Remaining): number {
  return usual.indexOf(left);
}

/** Key of pools that differ only in card and count. */
function kindOf(pool: PciDevicePool): string {
  return poolKey({ ...pool, address: '', parentIfname: null, count: 0 });
}

function freeAfter(pool: PciDevicePool, shares: readonly PoolShare[]): number {
  const taken = shares.filter((share) => share.pool === pool);
  return pool.count - taken.reduce((sum, { count }) => sum + count, 0);
}

function less(pool: PciDevicePool, count: number): PciDevicePool {
  return { ...pool, count: pool.count - count };
}

/**
 * Decides how many devices each request takes from which pool: exact, over pools with counts, never over single devices.
 * A request is either for PFs or for anything else (see `matchesRequest`), so: choose PFs, then match the rest to what they leave.
 */
import type { PciDevicePool } from './pool.ts';
import {
  allowsNumaNode,
  asksOnlyFor,
  inTakingOrder,
  matchesRequest,
  type NumaPlacement,
} from './pool-match.ts';
import type { PciRequest } from './request.ts';

/** How many devices of a pool a request takes. */
export interface PoolShare {
  request: PciRequest;
  pool: PciDevicePool;
  count: number;
}

/**
 * Shares that satisfy all requests together, or undefined when there is no way at all. Example: two requests for a VF of physnet1, a pool
 * of it with 5 → two shares of 1. A PF and VFs of its card are never both taken. The given pools are the objects in the answer.
 */
export function assignPools(
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement,
): PoolShare[] | undefined {
  const wanted = requests.map((request) => wantedOf(request, pools, placement));
  const others = wanted.filter(({ isForPf }) => !isForPf);
  if (matchCounts(others, new Set()) === undefined) return undefined;
  return choosePfs(wanted.filter(({ isForPf }) => isForPf).flatMap(oneByOne), {
    others,
    takenPfs: [],
  });
}

interface Wanted {
  request: PciRequest;
  isForPf: boolean;
  count: number;
  /** Pools it may take from, best first. */
  pools: PciDevicePool[];
}

function wantedOf(
  request: PciRequest,
  pools: readonly PciDevicePool[],
  placement: NumaPlacement,
): Wanted {
  const fitting = pools.filter((pool) => isUsable(pool, request, placement));
  return {
    request,
    isForPf: asksOnlyFor(request.spec, 'type-PF'),
    count: request.count,
    pools: inTakingOrder(
      fitting.map((pool) => ({ pool })),
      placement,
    ).map(({ pool }) => pool),
  };
}

/** May this request take from this pool, as far as spec and NUMA policy go? */
export function isUsable(
  pool: PciDevicePool,
  request: PciRequest,
  placement: NumaPlacement,
): boolean {
  return (
    matchesRequest(pool, request) && allowsNumaNode(request.numaPolicy, pool.numaNode, placement)
  );
}

function oneByOne(wanted: Wanted): Wanted[] {
  return Array.from({ length: wanted.count }, () => ({ ...wanted, count: 1 }));
}

interface PfChoice {
  others: readonly Wanted[];
  takenPfs: PoolShare[];
}

/** Tries PFs for the remaining wishes depth first; those of cards whose VFs nobody here wants come first. */
function choosePfs(
  remaining: readonly Wanted[],
  { others, takenPfs }: PfChoice,
): PoolShare[] | undefined {
  const [wish, ...rest] = remaining;
  const hidden = new Set(takenPfs.map(({ pool }) => pool.address));
  const left = matchCounts(others, hidden);
  if (left === undefined) return undefined;
  if (wish === undefined) return [...takenPfs, ...left];
  const isWanted = (pool: PciDevicePool) =>
    others.some((other) => other.pools.some(({ address }) => address === pool.address));
  const free = wish.pools.filter((pool) => pool.count > 0 && !hidden.has(pool.address));
  const inOrder = free.toSorted((one, other) => Number(isWanted(one)) - Number(isWanted(other)));
  for (const pool of inOrder) {
    const share = { request: wish.request, pool, count: 1 };
    const found = choosePfs(rest, { others, takenPfs: [...takenPfs, share] });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Matches counts to pools by augmenting paths: a unit that finds its pools full moves an earlier unit elsewhere. */
function matchCounts(
  wanted: readonly Wanted[],
  hiddenAddresses: ReadonlySet<string>,
): PoolShare[] | undefined {
  const shares = wanted.map(() => new Map<PciDevicePool, number>());
  const usedOf = (pool: PciDevicePool) =>
    shares.reduce((sum, taken) => sum + (taken.get(pool) ?? 0), 0);
  const move = (from: number, pool: PciDevicePool, by: number) =>
    shares[from]?.set(pool, (shares[from].get(pool) ?? 0) + by);
  const place = (index: number, tried: Set<PciDevicePool>): boolean => {
    for (const pool of wanted[index]?.pools ?? []) {
      if (tried.has(pool) || hiddenAddresses.has(pool.address)) continue;
      tried.add(pool);
      const holder = usedOf(pool) < pool.count ? -1 : findMovable(pool, tried);
      if (holder === undefined) continue;
      if (holder >= 0) move(holder, pool, -1);
      move(index, pool, 1);
      return true;
    }
    return false;
  };
  const findMovable = (pool: PciDevicePool, tried: Set<PciDevicePool>): number | undefined => {
    const holders = shares.flatMap((taken, index) => ((taken.get(pool) ?? 0) > 0 ? [index] : []));
    return holders.find((index) => place(index, tried));
  };
  for (const [index, { count }] of wanted.entries()) {
    for (let unit = 0; unit < count; unit++) {
      if (!place(index, new Set())) return undefined;
    }
  }
  return wanted.flatMap(({ request }, index) =>
    [...(shares[index] ?? [])]
      .filter(([, count]) => count > 0)
      .map(([pool, count]) => ({ request, pool, count })),
  );
}

/**
 * Decides how many devices each request takes from which pool: exact, over pools with counts, never
 * over single devices. A request is either for PFs or for anything else (see `matchesRequest`), so:
 * choose PFs, then match the rest to what remains.
 */
import { type PciDevicePool, poolKey } from './pool.ts';
import {
  allowsNumaNode,
  requestsOnly,
  inTakingOrder,
  matchesRequest,
  type NumaPlacement,
} from './pool-match.ts';
import type { PciRequest } from '../requests/request.ts';

/** How many devices of a pool a request takes. */
export interface PoolShare {
  request: PciRequest;
  pool: PciDevicePool;
  count: number;
}

/**
 * Shares that satisfy all requests together, or undefined when none exist. Example: two requests
 * for a VF of physnet1, a pool of it with 5 → two shares of 1. A PF and VFs of its card are never
 * both taken. The result refers to the given pool objects.
 */
export function assignPools(
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement,
): PoolShare[] | undefined {
  const [only, ...more] = requests;
  if (only !== undefined && more.length === 0) return assignOne(pools, only, placement);
  const usable = (request: PciRequest) =>
    pools.filter((pool) => isUsable(pool, request, placement));
  const isForPf = (request: PciRequest) => requestsOnly(request.spec, 'type-PF');
  const others = requests
    .filter((request) => !isForPf(request))
    .map((request) => ({
      request,
      count: request.count,
      pools: inTakingOrder(usable(request), placement),
    }));
  const contested = new Set(others.flatMap((one) => one.pools.map(({ address }) => address)));
  const wanted = requests.filter(isForPf).map((request) => ({
    request,
    count: request.count,
    pools: inTakingOrder(usable(request), placement, contested),
  }));
  if (wanted.length > 0 && matchCounts([...wanted, ...others], none) === undefined)
    return undefined;
  return choosePfs({ wanted, from: 0, others, taken: [] });
}

/** Nothing competes with the one request: it takes pool after pool. */
function assignOne(
  pools: readonly PciDevicePool[],
  request: PciRequest,
  placement: NumaPlacement,
): PoolShare[] | undefined {
  const usable = pools.filter((pool) => pool.count > 0 && isUsable(pool, request, placement));
  const shares: PoolShare[] = [];
  let missing = request.count;
  for (const pool of inTakingOrder(usable, placement)) {
    if (missing === 0) break;
    const count = Math.min(missing, pool.count);
    shares.push({ request, pool, count });
    missing -= count;
  }
  return missing === 0 ? shares : undefined;
}

const none: ReadonlySet<string> = new Set();

/** A request for some devices. */
export interface Demand {
  request: PciRequest;
  count: number;
  /** Pools it may take from, best first. */
  pools: PciDevicePool[];
}

/** May this request take from this pool by spec and NUMA policy? */
export function isUsable(
  pool: PciDevicePool,
  request: PciRequest,
  placement: NumaPlacement,
): boolean {
  return (
    matchesRequest(pool, request) && allowsNumaNode(request.numaPolicy, pool.numaNode, placement)
  );
}

/**
 * A state of the search: PFs still to choose, where the search continues in the list of the first,
 * and what is taken so far.
 */
interface PfSearch {
  wanted: readonly Demand[];
  from: number;
  others: readonly Demand[];
  taken: readonly PoolShare[];
}

/** Tries PFs depth first; of equal cards only one. */
function choosePfs({ wanted, from, others, taken }: PfSearch): PoolShare[] | undefined {
  const hidden = new Set(taken.map(({ pool }) => pool.address));
  const left = matchCounts(others, hidden);
  const [first, ...rest] = wanted;
  if (left === undefined) return undefined;
  if (first === undefined) return [...taken, ...left];
  if (first.count === 0) return choosePfs({ wanted: rest, from: 0, others, taken });
  const tried = new Set<string>();
  for (const [at, pool] of first.pools.entries()) {
    const kind = cardKind(pool, [...wanted, ...others]);
    if (at < from || isUsedUp(pool, taken) || tried.has(kind)) continue;
    tried.add(kind);
    const found = choosePfs({
      wanted: [{ ...first, count: first.count - 1 }, ...rest],
      from: at,
      others,
      taken: [...taken, { request: first.request, pool, count: 1 }],
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

function isUsedUp(pool: PciDevicePool, taken: readonly PoolShare[]): boolean {
  return taken.filter((share) => share.pool === pool).length >= pool.count;
}

/** The effect of taking this PF on the other requests: equal for interchangeable cards. */
function cardKind(pf: PciDevicePool, wanted: readonly Demand[]): string {
  const counts = wanted.map(({ pools }) =>
    pools
      .filter(({ address }) => address === pf.address)
      .map((pool) => `${poolKey({ ...pool, address: '' })}=${pool.count}`),
  );
  return JSON.stringify(counts);
}

/**
 * Matches counts to pools by augmenting paths: a unit whose pools are full moves an earlier unit
 * elsewhere. Pools at the hidden addresses give nothing. Undefined when not all are matched.
 */
export function matchCounts(
  wanted: readonly Demand[],
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

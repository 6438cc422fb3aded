/** What the scheduler asks of a host's pools: could these requests be satisfied, and what would be left. Knows counts only. */
import type { Verdict } from '../reason.ts';
import { assignPools } from './assign-pools.ts';
import { type PciDevicePool, poolKey } from './pool.ts';
import type { NumaPlacement } from './pool-match.ts';
import { explainRefusal } from './refusal.ts';
import type { PciRequest } from './request.ts';

/**
 * Yes, or the reasons why not. Example: physnet2 used up → `{ ok: false, reasons: [{ message: 'physnet2: 0 of 1 VF free', … }] }`.
 * Source: Nova `PciDeviceStats.support_requests`; stricter in that a PF and its VFs do not both count.
 */
export function canSupport(
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement = {},
): Verdict<object> {
  if (assignPools(pools, requests, placement) !== undefined) return { ok: true };
  return { ok: false, reasons: explainRefusal(pools, requests, placement) };
}

/**
 * The pools once the requests are booked: counts go down, no device is chosen, and what a taken PF or VF hides still counts (only the claim
 * knows). Source: Nova `PciDeviceStats.apply_requests`.
 */
export function bookRequests(
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement = {},
): Verdict<{ pools: PciDevicePool[] }> {
  const shares = assignPools(pools, requests, placement);
  if (shares === undefined) {
    return { ok: false, reasons: explainRefusal(pools, requests, placement) };
  }
  const taken = Map.groupBy(shares, ({ pool }) => poolKey(pool));
  const booked = pools.map((pool) => {
    const counts = taken.get(poolKey(pool)) ?? [];
    return { ...pool, count: counts.reduce((left, share) => left - share.count, pool.count) };
  });
  return { ok: true, pools: booked };
}

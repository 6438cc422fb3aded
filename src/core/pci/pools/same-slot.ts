/**
 * Functions of one slot for one server: a GPU and its audio function share an IOMMU group, and one
 * half cannot go to another server.
 */
import { slotOf } from '../devices/address.ts';
import { isUsable, type PoolShare } from './assign-pools.ts';
import { type PciDevicePool, poolKey } from './pool.ts';
import type { NumaPlacement } from './pool-match.ts';

/**
 * The same shares, but a plain function alone in its slot is replaced by an equal free one beside
 * another of the server's. Example: GPU 61:00.0 and audio 60:00.1, 61:00.1 free → audio 61:00.1.
 * Nothing else changes: not whether a server fits, and not what of each kind is left.
 */
export function preferringSlots(
  shares: readonly PoolShare[],
  pools: readonly PciDevicePool[],
  placement: NumaPlacement,
): PoolShare[] {
  const chosen = [...shares];
  for (const [at, share] of chosen.entries()) {
    if (share.pool.deviceType !== 'type-PCI' || hasCompany(share.pool, share, chosen)) continue;
    const better = pools.find(
      (pool) =>
        pool.count >= share.count &&
        kindOf(pool) === kindOf(share.pool) &&
        !chosen.some((one) => one.pool === pool) &&
        isUsable(pool, share.request, placement) &&
        hasCompany(pool, share, chosen),
    );
    if (better !== undefined) chosen[at] = { ...share, pool: better };
  }
  return chosen;
}

/** Is a function of the pool's slot taken for another request of the server? */
function hasCompany(
  pool: PciDevicePool,
  { request }: PoolShare,
  all: readonly PoolShare[],
): boolean {
  return all.some(
    (one) => one.request !== request && slotOf(one.pool.address) === slotOf(pool.address),
  );
}

/** Equal except for the address. */
function kindOf(pool: PciDevicePool): string {
  return poolKey({ ...pool, address: '', count: 0 });
}

/**
 * Chooses the exact devices for all requests of one server on one host, or returns the reasons why
 * not. Claims nothing: `claim.ts` does.
 */
import type { Verdict } from '../../reason.ts';
import type { PciAddress } from '../devices/address.ts';
import { assignPools, type PoolShare } from '../pools/assign-pools.ts';
import { assignPreferring, type CardPreference } from './card-preference.ts';
import type { PciDevice } from '../devices/device.ts';
import { type FreeInPool, groupByPool, type PciDevicePool } from '../pools/pool.ts';
import type { HostNumaNode, NumaPlacement } from '../pools/pool-match.ts';
import { explainRefusal } from './refusal.ts';
import type { PciRequest } from '../requests/request.ts';
import { preferringSlots } from '../pools/same-slot.ts';

/** A device chosen for a request; a request with count 2 has two. */
export interface DeviceAssignment {
  requestId: string;
  address: PciAddress;
}

/**
 * All of a host's devices of any status, and all requests of one server. NUMA fields as in
 * `NumaPlacement`.
 */
export interface AllocationInput {
  devices: readonly PciDevice[];
  requests: readonly PciRequest[];
  numaCells?: readonly number[];
  hostNuma?: readonly HostNumaNode[];
  /** Among cards with equal devices; absent: the lowest address. */
  preference?: CardPreference | undefined;
}

/**
 * All requests together or none, in request order; of equal devices the lowest address is taken, or
 * one in a slot of the server's other devices. Exact: it refuses only when no assignment exists.
 * Example: two VFs of physnet1 → `{ ok: true, assignments: [{ requestId: 'r1', address:
 * '0000:01:10.0' }, …] }`. Source: Nova `PciDeviceStats.consume_requests`, which gives up earlier.
 */
export function allocateDevices({
  devices,
  requests,
  numaCells = [],
  hostNuma = [],
  preference,
}: AllocationInput): Verdict<{ assignments: DeviceAssignment[] }> {
  const placement = { cells: numaCells, host: hostNuma };
  return allocateFrom(groupByPool(devices), requests, placement, preference);
}

/** As `allocateDevices`, from pools that are known; they are not changed. */
export function allocateFrom(
  groups: readonly FreeInPool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement,
  preference?: CardPreference,
): Verdict<{ assignments: DeviceAssignment[] }> {
  const pools = groups.map(({ pool }) => pool);
  const fitting =
    preference === undefined
      ? assignPools(pools, requests, placement)
      : assignPreferring(preference, pools, requests, placement);
  if (fitting === undefined) {
    return { ok: false, reasons: explainRefusal(pools, requests, placement) };
  }
  const shares = preferringSlots(fitting, pools, placement);
  const taken = new Map<PciDevicePool, number>();
  const take = ({ pool, count }: PoolShare): PciDevice[] => {
    const from = taken.get(pool) ?? 0;
    taken.set(pool, from + count);
    const free = groups.find((group) => group.pool === pool)?.free ?? [];
    return free.slice(from, from + count);
  };
  const assignments = requests.flatMap((request) =>
    shares
      .filter((share) => share.request === request)
      .flatMap(take)
      .map(({ address }) => ({ requestId: request.requestId, address })),
  );
  return { ok: true, assignments };
}

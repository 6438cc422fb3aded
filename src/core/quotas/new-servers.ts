/**
 * How many of the requested servers a project may have. Pure: the store counts in the transaction
 * that creates them.
 */
import { ComputeError } from '../errors.ts';
import { type Amounts, exceededQuotas, headroom, type Limits, quotaSentence } from './check.ts';

/** The quotas that new servers count for. */
type ServerQuota = 'instances' | 'cores' | 'ram' | 'server_group_members';

/** Servers of one flavor, at least `minCount` of them. `cores` and `ram` (MiB) are of one. */
export interface ServersRequested {
  minCount: number;
  maxCount: number;
  cores: number;
  ram: number;
}

/**
 * As many as the limits allow, between the two counts. `used.server_group_members`: of the group
 * that all are to join; left out: they join none. Throws `overQuota` when fewer than `minCount` are
 * allowed. Example: 9 of 10 instances used, 1 to 3 requested → 1; 2 to 3 requested → `Quota
 * exceeded for instances: Requested 2-3, but already used 9 of 10 instances`. Source: Nova
 * `check_num_instances_quota`.
 */
export function allowedServers(
  limits: Limits<ServerQuota>,
  { used, requested }: { used: Amounts<ServerQuota>; requested: ServersRequested },
): number {
  const { minCount, maxCount, cores, ram } = requested;
  const whole = { instances: maxCount, cores: maxCount * cores, ram: maxCount * ram };
  const allowed = Math.min(
    maxCount,
    headroom(limits, 'instances', used.instances ?? 0),
    fitting(headroom(limits, 'cores', used.cores ?? 0), cores),
    fitting(headroom(limits, 'ram', used.ram ?? 0), ram),
  );
  if (allowed < minCount) {
    const exceeded = exceededQuotas(limits, { used, requested: whole });
    const instances = minCount === maxCount ? minCount : `${minCount}-${maxCount}`;
    throw new ComputeError(
      'overQuota',
      quotaSentence(exceeded, { limits, used, requested: { ...whole, instances } }),
    );
  }
  const { server_group_members: members } = used;
  const joining =
    members === undefined
      ? allowed
      : Math.min(allowed, headroom(limits, 'server_group_members', members));
  if (joining >= minCount) return joining;
  throw new ComputeError('overQuota', 'Quota exceeded, too many servers in group');
}

function fitting(room: number, each: number): number {
  return each === 0 ? Number.POSITIVE_INFINITY : Math.floor(room / each);
}

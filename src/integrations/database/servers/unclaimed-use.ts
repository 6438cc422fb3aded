/** How much of a host is held by a server whose flavor is unreadable. */
import type { Kysely } from 'kysely';
import type { TaskStepOf } from '#contracts/store/store.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Amounts = Pick<Flavor, 'vcpus' | 'memoryMib' | 'diskGib'>;

/** Steps of a deletion that waits for its host. */
const waitingForHost: TaskStepOf['delete'][] = ['host-returned', 'remove-guest-again'];

const nothing: Amounts = { vcpus: 0, memoryMib: 0, diskGib: 0 };

/**
 * The usage claimed on the server's host that belongs to no other server. Empty where it is on no
 * host, or where another server there has an unreadable flavor too: the last of them gets the share
 * of all. Example: 6 vCPUs are used, the others have 4 → 2.
 */
export async function unclaimedUse(trx: Kysely<ComputeTables>, serverId: string): Promise<Amounts> {
  const host = await trx
    .selectFrom('instances')
    .innerJoin('compute_nodes', 'compute_nodes.uuid', 'instances.compute_node_id')
    .select(['compute_nodes.uuid', 'vcpus_used', 'memory_mb_used', 'local_gb_used'])
    .where('instances.uuid', '=', serverId)
    .executeTakeFirst();
  if (host === undefined) return nothing;
  const others = await holdersOn(trx, host.uuid, serverId);
  const amounts = others.map(({ flavor }) => amountsOf(flavor));
  if (amounts.includes(undefined)) return nothing;
  const left = (used: number, key: keyof Amounts) =>
    Math.max(0, used - amounts.reduce((sum, one) => sum + (one?.[key] ?? 0), 0));
  return {
    vcpus: left(host.vcpus_used, 'vcpus'),
    memoryMib: left(host.memory_mb_used, 'memoryMib'),
    diskGib: left(host.local_gb_used, 'diskGib'),
  };
}

/**
 * Includes servers deleted while their host was silent: they release their resources when it
 * returns.
 */
async function holdersOn(trx: Kysely<ComputeTables>, hostId: string, except: string) {
  return trx
    .selectFrom('instances')
    .select('flavor')
    .where('compute_node_id', '=', hostId)
    .where('uuid', '!=', except)
    .where((where) =>
      where.or([
        where('deleted_at', 'is', null),
        where(
          'uuid',
          'in',
          where.selectFrom('tasks').select('instance_uuid').where('step', 'in', waitingForHost),
        ),
      ]),
    )
    .execute();
}

function amountsOf(text: string): Amounts | undefined {
  try {
    const { vcpus, memoryMib, diskGib, ephemeralGib } = JSON.parse(text) as Flavor;
    const amounts = { vcpus, memoryMib, diskGib: diskGib + ephemeralGib };
    return Object.values(amounts).every(Number.isFinite) ? amounts : undefined;
  } catch {
    return undefined;
  }
}

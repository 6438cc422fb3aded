/** The hosts of aggregates: their zones and servers, and what their rows have of aggregates. */
import { type Kysely, sql } from 'kysely';
import { type HostAggregate, zoneOf, zoneOfHost } from '#core/hosts/aggregate.ts';
import type { ZonedHost } from '#core/hosts/aggregate-zones.ts';
import { readReported } from '../rows/readable-rows.ts';
import { isInList } from '../engine/dialect.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

/** These hosts, with the zones of their aggregates except this one. */
export async function zonedHosts(
  trx: Db,
  hostIds: readonly string[],
  { except }: { except: number },
): Promise<ZonedHost[]> {
  const list = JSON.stringify(hostIds);
  const given = await aggregatesOf(trx, list, except);
  const hosts = await trx
    .selectFrom('compute_nodes')
    .select(['uuid', 'hypervisor_hostname'])
    .select((eb) =>
      eb
        .selectFrom('instances')
        .whereRef('compute_node_id', '=', 'compute_nodes.uuid')
        .where('deleted_at', 'is', null)
        .select((count) => count.fn.countAll<number>().as('count'))
        .as('servers'),
    )
    .where(isInList('uuid', list))
    .orderBy('hypervisor_hostname')
    .execute();
  return hosts.map(({ uuid, hypervisor_hostname: name, servers }) => {
    const zones = (given.get(uuid) ?? []).map(zoneOf).filter((zone) => zone !== null);
    return { name, otherZones: [...new Set(zones)], servers: servers ?? 0 };
  });
}

/** Writes into the rows of these hosts what their aggregates give them, under new generations. */
export async function placeHosts(trx: Db, hostIds: readonly string[]): Promise<void> {
  const given = await aggregatesOf(trx, JSON.stringify(hostIds));
  const alike = Map.groupBy(hostIds, (id) => JSON.stringify(given.get(id) ?? []));
  for (const [text, ids] of alike) {
    const [first = ''] = ids;
    await trx
      .updateTable('compute_nodes')
      .set({
        aggregates: text,
        availability_zone: zoneOfHost(given.get(first) ?? []),
        generation: sql`generation + 1`,
      })
      .where(isInList('uuid', JSON.stringify(ids)))
      .execute();
  }
}

/** Removes a host that is forgotten from its aggregates. */
export async function leaveAggregates(trx: Db, hostId: string): Promise<void> {
  await trx.deleteFrom('aggregate_hosts').where('compute_node_id', '=', hostId).execute();
}

/** By host id; a host in none is absent. `list`: of ids, as JSON. */
async function aggregatesOf(
  trx: Db,
  list: string,
  except?: number,
): Promise<Map<string, HostAggregate[]>> {
  const members = trx
    .selectFrom('aggregate_hosts')
    .innerJoin('aggregates', 'aggregates.id', 'aggregate_hosts.aggregate_id')
    .select(['compute_node_id', 'name', 'metadata'])
    .where(isInList('compute_node_id', list))
    .orderBy('aggregates.id');
  const rows = await (except === undefined
    ? members
    : members.where('aggregates.id', '!=', except)
  ).execute();
  const read = (text: string) =>
    readReported<HostAggregate['metadata']>('aggregates.metadata', text, {});
  const byHost = new Map<string, HostAggregate[]>();
  for (const { compute_node_id: id, name, metadata } of rows) {
    byHost.set(id, [...(byHost.get(id) ?? []), { name, metadata: read(metadata) }]);
  }
  return byHost;
}

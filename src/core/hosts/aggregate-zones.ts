/**
 * Which changes of aggregates the zones of their hosts admit: a host is in one zone, and no server
 * changes its zone with its host. Source: Nova `AggregateAPI`, `is_safe_to_update_az` and
 * `ensure_no_instances_need_to_move_az`.
 */

/** A host of an aggregate: the zones that its other aggregates give it, and its servers. */
export interface ZonedHost {
  name: string;
  otherZones: readonly string[];
  servers: number;
}

/**
 * Why a host cannot be added to an aggregate of this zone; undefined: it can. Example: in zone
 * `east` by another aggregate, added to one of `west` → a reason.
 */
export function additionFault(zone: string | null, host: ZonedHost): string | undefined {
  if (zone === null) return undefined;
  const conflict = conflictWith(zone, [host]);
  if (conflict !== undefined) return conflict;
  return movedServers({ from: host.otherZones[0] ?? null, to: zone, host });
}

/** Why a host cannot be removed from an aggregate of this zone; undefined: it can. */
export function removalFault(zone: string | null, host: ZonedHost): string | undefined {
  if (zone === null) return undefined;
  return movedServers({ from: zone, to: host.otherZones[0] ?? null, host });
}

/** Why an aggregate with these hosts cannot change its zone; undefined: it can. */
export function zoneChangeFault(
  { from, to }: { from: string | null; to: string },
  hosts: readonly ZonedHost[],
): string | undefined {
  const conflict = conflictWith(to, hosts);
  if (conflict !== undefined || from === to) return conflict;
  const busy = hosts.filter(({ servers }) => servers > 0).map(({ name }) => name);
  if (busy.length === 0) return undefined;
  return `hosts with servers would change their zone from ${shown(from)} to ${shown(to)}: ${listed(busy)}`;
}

function conflictWith(zone: string, hosts: readonly ZonedHost[]): string | undefined {
  const other = hosts.flatMap(({ name, otherZones }) =>
    otherZones.filter((another) => another !== zone).map((another) => `${name} in ${another}`),
  );
  if (other.length === 0) return undefined;
  return `a host is in one availability zone, and these are already in another than ${zone}: ${listed(other)}`;
}

function movedServers({
  from,
  to,
  host,
}: {
  from: string | null;
  to: string | null;
  host: ZonedHost;
}): string | undefined {
  if (host.servers === 0 || from === to) return undefined;
  const count = `${host.servers} ${host.servers === 1 ? 'server' : 'servers'}`;
  return `the zone of host ${host.name} would change from ${shown(from)} to ${shown(to)}, and it has ${count}; move or delete them first`;
}

const shown = (zone: string | null) => zone ?? 'none';

const mostNamed = 10;

function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  const some = names.slice(0, mostNamed).join(', ');
  return more > 0 ? `${some} and ${more} more` : some;
}

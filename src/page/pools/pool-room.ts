/** How many VFs are free where, and how many servers of a shape they are enough for. */
import type { FleetHost } from '#client/shapes/fleet.ts';
import { count } from '../fleet/host-counts.ts';

/** The VFs of one physical network on one NUMA node of one host. */
export interface Pool {
  network: string;
  host: string;
  /** null: not reported. */
  node: number | null;
  pfs: number;
  free: number;
  held: number;
  unusable: number;
  /** Its host takes no new server: it is down or disabled. */
  isClosed: boolean;
}

/** VFs per server for which it is shown how many servers fit. */
export const shapes = [1, 2, 4, 8] as const;

export interface NetworkPools {
  network: string;
  hosts: number;
  free: number;
  held: number;
  unusable: number;
  /** For each of `shapes`: servers whose VFs are all on one NUMA node. Counts VFs alone. */
  fits: number[];
}

/** By host. */
export function poolsOf(hosts: readonly FleetHost[]): Pool[] {
  return hosts.flatMap(poolsOfHost);
}

const known = new WeakMap<FleetHost, Pool[]>();

/** Made once for each state of a host. */
function poolsOfHost(host: FleetHost): Pool[] {
  const made = known.get(host);
  if (made !== undefined) return made;
  const { name, state, enabled, pfs } = host;
  const pools = new Map<string, Pool>();
  for (const { networks, numa_node: node, vfs } of pfs) {
    const counts = count(vfs);
    for (const network of networks) {
      const key = JSON.stringify([network, node]);
      const pool = pools.get(key) ?? {
        network,
        host: name,
        node,
        pfs: 0,
        free: 0,
        held: 0,
        unusable: 0,
        isClosed: state !== 'up' || !enabled,
      };
      pool.pfs += 1;
      pool.free += counts.free;
      pool.held += counts.held + counts.claimed;
      pool.unusable += counts.unusable;
      pools.set(key, pool);
    }
  }
  known.set(host, [...pools.values()]);
  return [...pools.values()];
}

/** By name. Free VFs of hosts that take no server are not counted as free. */
export function networksOfPools(pools: readonly Pool[]): NetworkPools[] {
  return [...Map.groupBy(pools, ({ network }) => network)]
    .map(([network, members]) => {
      const open = members.filter(({ isClosed }) => !isClosed);
      const sum = (of: readonly Pool[], value: (pool: Pool) => number) =>
        of.reduce((total, pool) => total + value(pool), 0);
      return {
        network,
        hosts: new Set(members.map(({ host }) => host)).size,
        free: sum(open, ({ free }) => free),
        held: sum(members, ({ held }) => held),
        unusable: sum(members, ({ unusable }) => unusable),
        fits: shapes.map((vfs) => sum(open, ({ free }) => Math.floor(free / vfs))),
      };
    })
    .sort((one, other) => (one.network < other.network ? -1 : 1));
}

/** The traffic of the VFs of guests, with their owners, of the hosts linked to this process. */
import type { TrafficCounters, VfTraffic } from '#contracts/host/guest-counters.ts';
import { compareText } from '#core/compare-text.ts';
import type { HostState } from '#core/scheduling/host-state.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import type { Metrics } from './metrics.ts';

export interface VfSources {
  context: Pick<WorkflowContext, 'store' | 'fleet' | 'links'>;
  /** VFs that are shown at most; each has six series. */
  most: number;
}

const labelNames = [
  'host',
  'address',
  'physical_network',
  'server_id',
  'project_id',
  'port_id',
] as const;

type Labels = Record<(typeof labelNames)[number], string>;
/** By address; of the host's row in this generation, in which every claim is recorded. */
interface Owners {
  generation: number;
  byAddress: ReadonlyMap<string, Labels>;
}

const counted = ['bytes', 'packets', 'drops'] as const;
const hostsAtOnce = 16;

/** Adds the counters; the returned function reads all of them. */
export function vfMetrics(metrics: Metrics, { context, most }: VfSources): () => Promise<void> {
  const counters = countersOf(metrics);
  const leftOut = metrics.gauge({
    name: 'novella_vfs_left_out',
    help: 'VFs of guests whose traffic is not shown, because there are more than metrics.vfs',
    labelNames: [],
  });
  const known = new Map<string, Owners>();
  return async () => {
    counters.reset();
    let left = most;
    let omitted = 0;
    const hosts = reportingHosts(context);
    forgetOthers(known, hosts);
    for (let at = 0; at < hosts.length; at += hostsAtOnce) {
      const some = hosts.slice(at, at + hostsAtOnce);
      if (left > 0) await refresh(context, known, some);
      for (const { host, vfs } of some) {
        for (const vf of vfs) {
          if (left <= 0) {
            omitted += 1;
            continue;
          }
          const labels = known.get(host.id)?.byAddress.get(vf.address);
          // It is not held any more, or not yet.
          if (labels === undefined) continue;
          counters.set(labels, vf);
          left -= 1;
        }
      }
    }
    leftOut.set(omitted);
  };
}

interface ReportingHost {
  host: HostState;
  vfs: readonly VfTraffic[];
}

/** By name, so that the same ones are left out each time. */
function reportingHosts({ fleet, links }: VfSources['context']): ReportingHost[] {
  return fleet.fleet.hosts
    .map((host) => ({ host, vfs: links.traffic.of(host.id) }))
    .filter(({ vfs }) => vfs.length > 0)
    .toSorted((one, other) => compareText(one.host.name, other.host.name));
}

function forgetOthers(known: Map<string, Owners>, hosts: readonly ReportingHost[]): void {
  const ids = new Set(hosts.map(({ host }) => host.id));
  for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
}

/** Reads the owners of the devices of those hosts whose row has changed. */
async function refresh(
  { store }: VfSources['context'],
  known: Map<string, Owners>,
  hosts: readonly ReportingHost[],
): Promise<void> {
  const stale = hosts
    .map(({ host }) => host)
    .filter(({ id, generation }) => known.get(id)?.generation !== generation);
  if (stale.length === 0) return;
  const devices = await store.hosts.devicesOf(stale.map(({ id }) => id));
  const ids = new Set([...devices.values()].flat().flatMap(({ serverId }) => serverId ?? []));
  const servers = new Map((await store.servers.read([...ids])).map((one) => [one.id, one]));
  for (const { id, name, generation } of stale) {
    const byAddress = new Map<string, Labels>();
    for (const { address, tags, serverId, requestId } of devices.get(id) ?? []) {
      const server = serverId === null ? undefined : servers.get(serverId);
      if (server === undefined) continue;
      const nic = server.nics.find(({ pciRequestId }) => pciRequestId === requestId);
      byAddress.set(address, {
        host: name,
        address,
        physical_network: tags['physical_network'] ?? '',
        server_id: server.id,
        project_id: server.projectId,
        port_id: nic?.portId ?? '',
      });
    }
    known.set(id, { generation, byAddress });
  }
}

function countersOf(metrics: Metrics) {
  const made = (['received', 'sent'] as const).flatMap((direction) =>
    counted.map((what) => {
      const counter = metrics.counter({
        name: `novella_vf_${direction}_${what}_total`,
        help: `${what} that the VF of a guest has ${direction}; absent: nothing counts them`,
        labelNames: [...labelNames],
      });
      const valueOf = (vf: Record<typeof direction, TrafficCounters>) => vf[direction][what];
      return { counter, valueOf };
    }),
  );
  return {
    reset: () => made.forEach(({ counter }) => counter.reset()),
    set: (labels: Labels, vf: VfTraffic) => {
      for (const { counter, valueOf } of made) {
        const value = valueOf(vf);
        if (value !== null) counter.inc(labels, value);
      }
    },
  };
}

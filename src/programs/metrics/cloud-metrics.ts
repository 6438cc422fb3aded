/** Figures of the cloud, read when they are scraped: hosts, free devices, tasks, disks. */
import type { DiskRoom } from '#api/requests/context.ts';
import type { FabricView } from '#workflows/hosts/fabric-view.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import type { Metrics } from './metrics.ts';

export interface Sources {
  context: Pick<WorkflowContext, 'store' | 'fleet' | 'clock'>;
  fabric: Pick<FabricView, 'standings'>;
  disks: () => Promise<DiskRoom[]>;
}

/** Adds the gauges; the returned function reads all of them again. */
export function cloudMetrics(metrics: Metrics, sources: Sources): () => Promise<void> {
  const hosts = metrics.gauge({
    name: 'novella_hosts',
    help: 'Hosts by state: up, down, forced-down; and by whether they are enabled',
    labelNames: ['state', 'enabled'],
  });
  const problems = metrics.gauge({
    name: 'novella_host_problems',
    help: 'Problems that the agent of a host reports; novella status names them',
    labelNames: ['host'],
  });
  const free = metrics.gauge({
    name: 'novella_free_devices',
    help: 'PCI devices of a host that is up, which can be given to a server',
    labelNames: ['host', 'physical_network', 'type', 'product'],
  });
  const tasks = metrics.gauge({
    name: 'novella_tasks',
    help: 'Workflows in progress, by state as in novella status',
    labelNames: ['state'],
  });
  const oldest = metrics.gauge({
    name: 'novella_oldest_task_seconds',
    help: 'Time since the oldest workflow in progress began; 0: there is none',
    labelNames: [],
  });
  const disk = metrics.gauge({
    name: 'novella_disk_free_bytes',
    help: 'Free space on the disks of state and images',
    labelNames: ['uses'],
  });
  return async () => {
    const { context, fabric } = sources;
    hosts.reset();
    problems.reset();
    for (const { name, state, enabled, problems: found } of await fabric.standings()) {
      hosts.inc({ state, enabled: String(enabled) });
      if (found.length > 0) problems.set({ host: name }, found.length);
    }
    free.reset();
    for (const { name, alive, pools } of context.fleet.fleet.hosts) {
      if (!alive) continue;
      for (const { tags, deviceType: type, vendorId, productId, count } of pools) {
        const network = tags['physical_network'] ?? '';
        const product = `${vendorId}:${productId}`;
        free.inc({ host: name, physical_network: network, type, product }, count);
      }
    }
    const overview = await context.store.tasks.overview(context.clock.now(), 1);
    for (const [state, count] of Object.entries(overview.counts)) tasks.set({ state }, count);
    const since = overview.oldest[0]?.startedAt ?? context.clock.now();
    oldest.set(Math.max(0, context.clock.now() - since) / 1_000);
    for (const { uses, freeBytes } of await sources.disks()) {
      disk.set({ uses: uses.join(',') }, freeBytes);
    }
  };
}

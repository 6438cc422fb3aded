/** Stores the reports of several hosts: facts, devices, pools. Held devices are never dropped. */
import type { HostReport } from '#contracts/host/host-link.ts';
import type { Host, HostChange } from '#contracts/store/store.ts';
import { withClaimProblems } from '#core/hosts/claim-problems.ts';
import { deviceEvents } from '#core/pci/claims/device-events.ts';
import { reconcileInventory } from '#core/pci/claims/inventory.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { poolsOf } from '#core/pci/pools/pool.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** The report of the host with this name. `link`: as `HostChange.link`. */
export interface NamedReport {
  name: string;
  report: HostReport;
  link?: number;
}

/**
 * Registers the hosts that are new, and returns the row of each as of its report, in the order of
 * the reports; undefined for a host whose row changed at that moment: nothing of its report is
 * stored. Of several reports of one host the first is stored.
 */
export async function recordInventories(
  { store, clock }: Pick<WorkflowContext, 'store' | 'clock'>,
  reports: readonly NamedReport[],
): Promise<(Host | undefined)[]> {
  const hosts = await store.hosts.registerAll(reports.map(newHost));
  const known = await store.hosts.devicesOf(hosts.map(({ id }) => id));
  const now = clock.now();
  const changes = new Map<string, HostChange>();
  const rows = reports.map(({ report, link }, at) => {
    const host = hosts[at];
    if (host === undefined || changes.has(host.id)) return undefined;
    const devices = known.get(host.id) ?? [];
    const change = { ...inventoryChange(host, report, devices), lastSeenAt: now };
    changes.set(host.id, { ...change, ...(link !== undefined && { link }) });
    return recorded(host, report);
  });
  const written = await store.hosts.updateAll([...changes.values()]);
  return rows.map((row) => (row !== undefined && written.has(row.id) ? row : undefined));
}

/** A host as its first report describes it. */
export function newHost({ name, report }: NamedReport) {
  const { hostIp, facts } = report;
  return { name, availabilityZone: 'nova', hostIp, facts };
}

/** The row of the host once its report is stored. */
export function recorded(host: Host, { facts, hostIp, physicalNetworks }: HostReport): Host {
  return { ...host, facts, hostIp, physicalNetworks };
}

/** What the report changes. `known`: the devices in the store. */
export function inventoryChange(
  host: Host,
  report: HostReport,
  known: readonly PciDevice[],
): HostChange {
  const { changed, removed } = reconcileInventory(known, report.devices);
  const gone = new Set<string>(removed);
  const byAddress = new Map(known.map((device) => [device.address, device]));
  const events = deviceEvents((address) => byAddress.get(address), changed);
  for (const device of changed) byAddress.set(device.address, device);
  const devices = [...byAddress.values()].filter((device) => !gone.has(device.address));
  return {
    hostId: host.id,
    generation: host.generation,
    devices: changed,
    ...(events.length > 0 && { deviceEvents: events }),
    removedDevices: removed,
    pciStats: poolsOf(devices),
    // A silent hypervisor reports no host size: the known one is kept.
    ...(report.hypervisorIsSilent !== true && {
      facts: report.facts,
      numa: { nodes: report.facts.numaNodes ?? [], claims: host.numa.claims },
    }),
    hostIp: report.hostIp,
    problems: withClaimProblems(report.problems ?? [], devices),
    physicalNetworks: report.physicalNetworks,
  };
}

/** Stores an agent's report of its host: facts, devices, pools. Held devices are never dropped. */
import type { HostReport } from '#contracts/host/host-link.ts';
import type { Host, HostChange } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { withClaimProblems } from '#core/hosts/claim-problems.ts';
import { reconcileInventory } from '#core/pci/claims/inventory.ts';
import { poolsOf } from '#core/pci/pools/pool.ts';
import type { WorkflowContext } from '../engine/context.ts';

const maxTries = 50;

/** Registers the host when it is new, and returns its row as of the report. */
export async function refreshInventory(
  context: WorkflowContext,
  name: string,
  report: HostReport,
): Promise<Host> {
  const host = await context.store.hosts.register({
    name,
    availabilityZone: 'nova',
    hostIp: report.hostIp,
    facts: report.facts,
  });
  for (let tries = 0; tries < maxTries; tries++) {
    const now = await context.store.hosts.get(host.id);
    if (now === undefined) break;
    const change = await inventoryChange(context, now, report);
    if ((await context.store.hosts.update(change)) === 'ok') {
      await context.store.hosts.seen(host.id, context.clock.now());
      const { facts, hostIp, physicalNetworks } = report;
      return { ...now, facts, hostIp, physicalNetworks };
    }
  }
  throw new ComputeError('unavailable', `inventory of host ${name} could not be recorded`, {
    detail: `host row changed ${maxTries} times during the update; giving up`,
  });
}

async function inventoryChange(
  context: WorkflowContext,
  host: Host,
  report: HostReport,
): Promise<HostChange> {
  const known = await context.store.hosts.devices(host.id);
  const { changed, removed } = reconcileInventory(known, report.devices);
  const gone = new Set<string>(removed);
  const byAddress = new Map(known.map((device) => [device.address, device]));
  for (const device of changed) byAddress.set(device.address, device);
  const devices = [...byAddress.values()].filter((device) => !gone.has(device.address));
  return {
    hostId: host.id,
    generation: host.generation,
    devices: changed,
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

/** Host rows as the scheduler's snapshots. */
import type { Host } from '#contracts/store.ts';
import type { HostState } from '#core/scheduling/host-state.ts';
import type { WorkflowContext } from './context.ts';

/** Snapshots of all known hosts. Source of the ratios: Nova's defaults since 2024 (cpu 4.0, ram 1.0, disk 1.0). */
export async function hostStates(context: WorkflowContext): Promise<HostState[]> {
  const now = context.clock.now();
  return (await context.store.hosts.list()).map((host) => toHostState(host, now, context));
}

function toHostState(host: Host, now: number, context: WorkflowContext): HostState {
  return {
    id: host.id,
    name: host.name,
    generation: host.generation,
    availabilityZone: host.availabilityZone,
    enabled: host.enabled,
    disabledReason: host.disabledReason,
    alive: !host.forcedDown && now - host.lastSeenAt <= context.settings.hostTimeoutMs,
    vcpus: host.facts.vcpus,
    vcpusUsed: host.vcpusUsed,
    memoryMib: host.facts.memoryMib,
    memoryMibUsed: host.memoryMibUsed,
    diskGib: host.facts.diskGib,
    diskGibUsed: host.diskGibUsed,
    cpuAllocationRatio: 4,
    memoryAllocationRatio: 1,
    diskAllocationRatio: 1,
    pools: host.pciStats,
  };
}

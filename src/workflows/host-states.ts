/** Host rows as the scheduler's snapshots. */
import type { Host } from '#contracts/store.ts';
import type { HostState } from '#core/scheduling/host-state.ts';
import type { WorkflowContext } from './context.ts';

/** Host rows as the scheduler sees them now. Source of the ratios: Nova's defaults since 2024 (cpu 4.0, ram 1.0, disk 1.0). */
export function hostStates(context: WorkflowContext, hosts: readonly Host[]): HostState[] {
  const now = context.clock.now();
  return hosts.map((host) => ({
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
  }));
}

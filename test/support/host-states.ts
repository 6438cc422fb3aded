/** What the scheduler decides on: a host's snapshot and a request, for tests. */
import type { HostState } from '#core/scheduling/host-state.ts';
import type { RequestSpec } from '#core/scheduling/request-spec.ts';

/** A host that is empty, alive and enabled, with these changes. */
export function aHostState(name: string, change: Partial<HostState> = {}): HostState {
  return {
    id: `id-of-${name}`,
    name,
    generation: 1,
    availabilityZone: 'nova',
    enabled: true,
    disabledReason: null,
    alive: true,
    vcpus: 4,
    vcpusUsed: 0,
    memoryMib: 4096,
    memoryMibUsed: 0,
    diskGib: 40,
    diskGibUsed: 0,
    cpuAllocationRatio: 2,
    memoryAllocationRatio: 1.5,
    diskAllocationRatio: 0.5,
    pools: [],
    ...change,
  };
}

/** A request that any such host can take, with these changes. */
export function aRequestSpec(change: Partial<RequestSpec> = {}): RequestSpec {
  return {
    serverId: 'server-1',
    projectId: 'project-1',
    vcpus: 1,
    memoryMib: 512,
    diskGib: 1,
    pciRequests: [],
    availabilityZone: null,
    forcedHost: null,
    failedHosts: [],
    ...change,
  };
}

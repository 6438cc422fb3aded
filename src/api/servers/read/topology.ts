/** The NUMA topology of a server: `GET /servers/:id/topology` (microversion 2.78). */
import type { NumaClaim } from '#core/scheduling/numa-fit.ts';
import type { View } from '../../requests/microversions.ts';
import { isAllowed, targetOf } from '../../requests/permission.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from './find.ts';

const hostRule = 'compute:server:topology:host:index';

/**
 * No nodes for a server without a topology, or on no host. The host's side has a rule of its own.
 */
export async function showTopology(call: Call): Promise<Reply> {
  const server = await findServer(call);
  const { id, hostId } = server;
  const host = hostId === null ? undefined : await call.context.store.hosts.get(hostId);
  const claims = host?.numa.claims.filter(({ serverId }) => serverId === id) ?? [];
  return {
    body: {
      nodes: viewCells(claims, isAllowed(call, hostRule, targetOf(server))),
      pagesize_kb: null,
    },
  };
}

/** The guest's processors are numbered through its cells. */
function viewCells(claims: readonly NumaClaim[], showsHost: boolean): View[] {
  let first = 0;
  return claims.map(({ node, vcpus, memoryMib, cpus }) => {
    const vcpuSet = Array.from({ length: vcpus }, (_, at) => first + at);
    first += vcpus;
    const pinning = cpus.map((cpu, at): [string, number] => [String(vcpuSet[at]), cpu]);
    return {
      vcpu_set: vcpuSet,
      siblings: [],
      memory_mb: memoryMib,
      ...(showsHost && {
        host_node: node,
        cpu_pinning: Object.fromEntries(pinning),
      }),
    };
  });
}

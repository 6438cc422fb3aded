/**
 * Where on a host the NUMA cells of a guest fit: which host node each takes, and with pinning which
 * processors.
 */
import type { GuestNuma, GuestNumaCell } from '../servers/guest-numa.ts';

/**
 * A NUMA node of a host. `cpus`: for guests that share; `dedicatedCpus`: for pinned ones. `socket`
 * null: not reported.
 */
export interface HostNumaNode {
  id: number;
  socket: number | null;
  cpus: number[];
  dedicatedCpus: number[];
  memoryMib: number;
}

/** What one cell of a guest takes of a host node. `cpus` empty: it shares. */
export interface NumaShare {
  node: number;
  vcpus: number;
  memoryMib: number;
  cpus: number[];
}

/** A share that a server holds. `moveId`: of the move by which it came; absent: by its boot. */
export interface NumaClaim extends NumaShare {
  serverId: string;
  moveId?: string;
}

/**
 * A host's nodes and which servers hold what of them; no nodes: the host reports none. Only servers
 * with a NUMA topology count.
 */
export interface HostNuma {
  nodes: HostNumaNode[];
  claims: NumaClaim[];
}

/** Source: Nova `cpu_allocation_ratio`. */
const sharedCpuRatio = 4;

/**
 * Every way to place the cells, each on a host node of its own, shares in cell order; none when
 * there is none. Nodes are tried in the order of `nodeRank`, lowest first (ties by id), so the
 * first is the best. Source: Nova `numa_fit_instance_to_host`.
 */
export function* numaPlacements(
  guest: GuestNuma,
  host: HostNuma,
  nodeRank: (node: number) => number = () => 0,
): Generator<NumaShare[]> {
  const nodes = host.nodes.toSorted(
    (one, other) => nodeRank(one.id) - nodeRank(other.id) || one.id - other.id,
  );
  yield* place(guest, { cell: 0, free: nodes, claims: host.claims });
}

function* place(
  guest: GuestNuma,
  at: { cell: number; free: HostNumaNode[]; claims: readonly NumaClaim[] },
): Generator<NumaShare[]> {
  const cell = guest.cells[at.cell];
  if (cell === undefined) {
    yield [];
    return;
  }
  for (const node of at.free) {
    const share = shareOf(cell, node, { isPinned: guest.isPinned, claims: at.claims });
    if (share === undefined) continue;
    const free = at.free.filter((other) => other !== node);
    for (const rest of place(guest, { ...at, cell: at.cell + 1, free })) yield [share, ...rest];
  }
}

function shareOf(
  { vcpus, memoryMib }: GuestNumaCell,
  node: HostNumaNode,
  { isPinned, claims }: { isPinned: boolean; claims: readonly NumaClaim[] },
): NumaShare | undefined {
  const claimsOnNode = claims.filter((claim) => claim.node === node.id);
  const memoryUsed = claimsOnNode.reduce((sum, claim) => sum + claim.memoryMib, 0);
  if (memoryMib > node.memoryMib - memoryUsed) return undefined;
  const share = { node: node.id, vcpus, memoryMib };
  if (isPinned) {
    const taken = new Set(claimsOnNode.flatMap((claim) => claim.cpus));
    const cpus = node.dedicatedCpus.filter((cpu) => !taken.has(cpu)).slice(0, vcpus);
    return cpus.length === vcpus ? { ...share, cpus } : undefined;
  }
  const shared = claimsOnNode.filter((claim) => claim.cpus.length === 0);
  const used = shared.reduce((sum, claim) => sum + claim.vcpus, 0);
  if (vcpus > node.cpus.length || used + vcpus > node.cpus.length * sharedCpuRatio) {
    return undefined;
  }
  return { ...share, cpus: [] };
}

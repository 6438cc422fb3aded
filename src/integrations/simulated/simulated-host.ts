/**
 * A simulated host: one description in memory, made from a captured tree, a recorded scenario or
 * the fleet generator.
 */
import type { PciFunction } from '#core/pci/devices/device.ts';
import type { HostNumaNode } from '#core/scheduling/numa-fit.ts';

interface SimulatedNumaNode {
  id: number;
  /** Numbers of its processors, including dedicated ones. */
  cpus: number[];
  memoryMib: number;
}

/** `sockets` per node, `cores` per socket, `threads` per core. */
export interface CpuLayout {
  nodes: number;
  sockets: number;
  cores: number;
  threads: number;
}

export interface SimulatedHost {
  name: string;
  cpus: number;
  memoryMib: number;
  diskGib: number;
  numaNodes: SimulatedNumaNode[];
  /** Processors for pinned guests; if there are any, guests cannot use the others. */
  dedicatedCpus: number[];
  functions: PciFunction[];
}

/** Size of a host; absent values are those of a mid-range server. */
export interface HostSize {
  /** Total number of processors. */
  cpus?: number;
  memoryMib?: number;
  diskGib?: number;
  numaNodes?: number;
  dedicatedCpus?: number[];
}

/**
 * The size of a host with these processors. Example: 2 nodes, 1 socket, 2 cores, 2 threads → 8
 * processors on 2 nodes.
 */
export function sizeOf({ nodes, sockets, cores, threads }: CpuLayout): HostSize {
  return { cpus: nodes * sockets * cores * threads, numaNodes: nodes };
}

/**
 * A host of this name with these PCI functions (read from a captured tree, or generated).
 * Processors and memory are divided evenly among its NUMA nodes.
 */
export function simulatedHost(
  name: string,
  functions: PciFunction[],
  size: HostSize = {},
): SimulatedHost {
  const {
    cpus = 32,
    memoryMib = 131_072,
    diskGib = 1_000,
    numaNodes = 2,
    dedicatedCpus = [],
  } = size;
  const perNode = Math.floor(cpus / numaNodes);
  return {
    name,
    cpus,
    memoryMib,
    diskGib,
    numaNodes: Array.from({ length: numaNodes }, (_, id) => ({
      id,
      cpus: Array.from({ length: perNode }, (_, index) => id * perNode + index),
      memoryMib: Math.floor(memoryMib / numaNodes),
    })),
    dedicatedCpus,
    functions,
  };
}

/** The nodes as its hypervisor reports them: each on its own socket. */
export function numaNodesOf({ numaNodes, dedicatedCpus }: SimulatedHost): HostNumaNode[] {
  return numaNodes.map(({ id, cpus, memoryMib }) => ({
    id,
    socket: id,
    cpus: dedicatedCpus.length === 0 ? cpus : [],
    dedicatedCpus: cpus.filter((cpu) => dedicatedCpus.includes(cpu)),
    memoryMib,
  }));
}

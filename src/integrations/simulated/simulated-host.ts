/** A simulated host: one description in memory. Captured trees, recorded scenarios and the fleet generator are three ways to make it. */
import type { PciFunction } from '#core/pci/device.ts';

interface SimulatedNumaNode {
  id: number;
  /** Numbers of its processors. */
  cpus: number[];
  memoryMib: number;
}

export interface SimulatedHost {
  name: string;
  cpus: number;
  memoryMib: number;
  diskGib: number;
  numaNodes: SimulatedNumaNode[];
  functions: PciFunction[];
}

/** Size of a host; what is absent is taken from a middling server. */
export interface HostSize {
  /** Processors in all. */
  cpus?: number;
  memoryMib?: number;
  diskGib?: number;
  numaNodes?: number;
}

/**
 * A host of this name with these PCI functions (read from a captured tree, or generated). Processors and memory are shared
 * evenly among its NUMA nodes.
 */
export function simulatedHost(
  name: string,
  functions: PciFunction[],
  size: HostSize = {},
): SimulatedHost {
  const { cpus = 32, memoryMib = 131_072, diskGib = 1_000, numaNodes = 2 } = size;
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
    functions,
  };
}

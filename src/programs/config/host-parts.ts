/** A host before its agent runs, whatever its parts are made of. */
import type { AgentOptions } from '#agent/agent-options.ts';
import type { ImageSource } from '#contracts/services/images.ts';
import { reachedNetworks } from '#core/networking/binding/reached-networks.ts';
import type { HostFaults } from '#integrations/simulated/host-faults.ts';
import type { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import type { SimulatedPciBus } from '#integrations/simulated/machine/pci-bus.ts';
import type { SimulatedHost } from '#integrations/simulated/simulated-host.ts';

export interface HostParts extends Omit<AgentOptions, 'log' | 'heartbeatMs'> {
  /** Where the images of its guests come from; absent: nobody looks at them. */
  images?: ImageSource;
  simulated?: SimulatedMachine;
  /** What a person should know of it when it starts. */
  notes?: readonly string[];
  /** Its agent starts only on demand. */
  later?: boolean;
}

/**
 * What a simulated host is made of. `machine` may be changed: its hypervisor and its PCI bus show
 * what it is now.
 */
export interface SimulatedMachine {
  machine: SimulatedHost;
  hypervisor: SimulatedHypervisor;
  pciBus: SimulatedPciBus;
  /** What is wrong with it now. */
  faults: HostFaults;
}

/** How often an agent says that it is there. */
export const heartbeatMs = 10_000;

/** What its agent will report as reached, known before it has spoken. */
export function physicalNetworksOf({ deviceSpecs, bridgedNetworks }: HostParts): Set<string> {
  return new Set(reachedNetworks(deviceSpecs, bridgedNetworks));
}

/** A host before its agent runs, real or simulated. */
import type { AgentOptions } from '#agent/agent-options.ts';
import type { HostNetworks } from '#embedded/network/requests/context.ts';
import type { GuestFiles } from '#contracts/host/guest-files.ts';
import type { ImageSource } from '#contracts/services/images.ts';
import { reachedNetworks } from '#core/networking/binding/reached-networks.ts';
import type { HostFaults } from '#integrations/simulated/host-faults.ts';
import type { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import type { SimulatedPciBus } from '#integrations/simulated/machine/pci-bus.ts';
import type { SimulatedHost } from '#integrations/simulated/simulated-host.ts';
import type { ChangeCounter } from '#runtime/timing/change-counter.ts';
import type { AlikeHosts } from '#integrations/simulated/alike-hosts.ts';

export interface HostParts extends Omit<AgentOptions, 'log' | 'heartbeatMs'> {
  /** The source of its guests' images; absent: images are not used. */
  images?: ImageSource;
  simulated?: SimulatedMachine;
  /** The simulated hosts that are like it; absent: none. */
  alike?: AlikeHosts;
  /** Notes for the operator at its start. */
  notes?: readonly string[];
  /** Its agent starts only on demand. */
  startsDown?: boolean;
}

/**
 * The parts of a simulated host. `machine` may be changed: its hypervisor and its PCI bus show its
 * current state.
 */
export interface SimulatedMachine {
  machine: SimulatedHost;
  hypervisor: SimulatedHypervisor;
  pciBus: SimulatedPciBus;
  guestFiles: GuestFiles;
  /** Its current problems. */
  faults: HostFaults;
  /** Of whatever may have changed it: its agent, users, guests, faults. */
  changes: ChangeCounter;
}

/** How often an agent sends a heartbeat. */
export const heartbeatMs = 10_000;

/** The networks that its agent will report as reached, known before it reports. */
export function networksOf({
  deviceSpecs,
  bridgedNetworks,
  offloadBridge,
}: HostParts): HostNetworks {
  const physicalNetworks = reachedNetworks(deviceSpecs, bridgedNetworks);
  return reportedNetworks({ physicalNetworks, offloadBridge });
}

/** For the embedded network service. */
export function reportedNetworks({
  physicalNetworks,
  offloadBridge = null,
}: {
  physicalNetworks: readonly string[];
  offloadBridge?: string | null | undefined;
}): HostNetworks {
  return { physicalNetworks: new Set(physicalNetworks), offloadBridge };
}

/** The parts of a host that steps act on. */
import type { GuestFiles } from '#contracts/host/guest-files.ts';
import type { Hypervisor } from '#contracts/host/hypervisor.ts';
import type { Log } from '#contracts/log.ts';
import type { PciBus } from '#contracts/host/pci-bus.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { AgentOptions } from './agent-options.ts';
import { BridgeRefs } from './taps/bridge-refs.ts';
import { DeviceGuard } from './devices/device-guard.ts';
import { NodeLooks } from './devices/node-looks.ts';
import { TapCare } from './taps/tap-care.ts';

export interface HostParts {
  host: string;
  hypervisor: Hypervisor;
  pciBus: PciBus;
  guestFiles: GuestFiles;
  devices: DeviceGuard;
  nodes: NodeLooks;
  bridges: BridgeRefs;
  taps: TapCare;
  log: Log;
  /** What the agent's start failed to do for the host. */
  problems: HostProblem[];
}

/** The parts of one agent; created once, because they serialize access to devices and bridges. */
export function hostParts(options: AgentOptions): HostParts {
  const { host, hypervisor, pciBus, guestFiles, log } = options;
  return {
    host,
    hypervisor,
    pciBus,
    guestFiles,
    log,
    devices: new DeviceGuard(options),
    nodes: new NodeLooks(options),
    bridges: new BridgeRefs(options),
    taps: new TapCare(options),
    problems: [],
  };
}

/**
 * Cleans up after guests that are no longer on this host, and retries what could not be cleaned
 * before.
 */
export async function cleanUpHost(parts: HostParts): Promise<void> {
  const { hypervisor, devices, bridges, taps } = parts;
  const guestsHere = () => hypervisor.listGuests();
  await devices.cleanUp(guestsHere);
  await bridges.cleanUp(guestsHere);
  await taps.cleanUp(guestsHere);
}

/** The parts of a host that steps act on. */
import type { GuestFiles } from '#contracts/host/guest-files.ts';
import type { GuestTransfer } from '#contracts/host/guest-transfer.ts';
import type { HostLinks } from '#contracts/host/host-links.ts';
import type { Hypervisor } from '#contracts/host/hypervisor.ts';
import type { Log } from '#contracts/log.ts';
import type { PciBus } from '#contracts/host/pci-bus.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { AgentOptions } from './agent-options.ts';
import { BridgeRefs } from './taps/bridge-refs.ts';
import { DeviceGuard } from './devices/device-guard.ts';
import { NodeStates } from './devices/node-states.ts';
import { StandbyUplinks } from './taps/standby-uplinks.ts';
import { TapRefs } from './taps/tap-refs.ts';

export interface HostParts {
  host: string;
  hypervisor: Hypervisor;
  pciBus: PciBus;
  guestFiles: GuestFiles;
  /** Absent: its guests stay on it. */
  transfer?: GuestTransfer;
  devices: DeviceGuard;
  nodes: NodeStates;
  bridges: BridgeRefs;
  taps: TapRefs;
  links: HostLinks;
  uplinks: StandbyUplinks;
  log: Log;
  /** What the agent's start failed to do for the host. */
  problems: HostProblem[];
}

/** The parts of one agent; created once, because they serialize access to devices and bridges. */
export function hostParts(options: AgentOptions): HostParts {
  const { host, hypervisor, pciBus, guestFiles, transfer, links, log } = options;
  return {
    host,
    hypervisor,
    pciBus,
    guestFiles,
    ...(transfer !== undefined && { transfer }),
    links,
    log,
    devices: new DeviceGuard(options),
    nodes: new NodeStates(options),
    bridges: new BridgeRefs(options),
    taps: new TapRefs(options),
    uplinks: new StandbyUplinks(options),
    problems: [],
  };
}

/**
 * Cleans up after guests that are no longer on this host, and retries what could not be cleaned
 * before.
 */
export async function cleanUpHost(parts: HostParts): Promise<void> {
  const { hypervisor, devices, bridges, taps, uplinks } = parts;
  const listGuests = () => hypervisor.listGuests();
  await devices.cleanUp(listGuests);
  await bridges.cleanUp(listGuests);
  await taps.cleanUp(listGuests);
  await uplinks.cleanUp();
}

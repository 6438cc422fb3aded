/** What an agent is given: its host's parts, the operator's device specs, and how it reports. */
import type { GuestFiles } from '#contracts/guest-files.ts';
import type { Hypervisor } from '#contracts/hypervisor.ts';
import type { Log } from '#contracts/log.ts';
import type { PciBus } from '#contracts/pci-bus.ts';
import type { DeviceSpec } from '#core/pci/device-spec.ts';

export interface AgentOptions {
  host: string;
  hostIp: string;
  hypervisor: Hypervisor;
  pciBus: PciBus;
  guestFiles: GuestFiles;
  /** The operator's rules for devices that guests may have; first match wins. */
  deviceSpecs: readonly DeviceSpec[];
  log: Log;
  heartbeatMs: number;
}

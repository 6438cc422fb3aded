/** What an agent is given: its host's parts, the operator's device specs, and how it reports. */
import type { CommandJournal } from '#contracts/host/command-journal.ts';
import type { GuestFiles } from '#contracts/host/guest-files.ts';
import type { HostBridges } from '#contracts/host/host-bridges.ts';
import type { Uptime } from '#contracts/host/host-link.ts';
import type { HostTaps } from '#contracts/host/host-taps.ts';
import type { HostMemory } from '#contracts/host/host-memory.ts';
import type { Hypervisor } from '#contracts/host/hypervisor.ts';
import type { Log } from '#contracts/log.ts';
import type { NodeDevices } from '#contracts/host/node-devices.ts';
import type { PciBus } from '#contracts/host/pci-bus.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { DeviceSpec } from '#core/pci/specs/device-spec.ts';
import type { Reserved } from '#core/scheduling/reserved.ts';

export interface AgentOptions {
  host: string;
  hostIp: string;
  hypervisor: Hypervisor;
  pciBus: PciBus;
  /** What the hypervisor knows of the host's devices. Absent: the PCI bus alone says. */
  nodeDevices?: NodeDevices;
  bridges: HostBridges;
  taps: HostTaps;
  /** What the agent keeps between its runs. */
  memory: HostMemory;
  guestFiles: GuestFiles;
  /** The operator's rules for devices that guests may have; first match wins. */
  deviceSpecs: readonly DeviceSpec[];
  /** Physical networks that its bridges reach, beside those of its device specs. */
  bridgedNetworks: readonly string[];
  /** Kept for the host itself; absent: nothing. */
  reserved?: Reserved;
  /** Where it remembers commands beyond its own life. */
  journal: CommandJournal;
  /**
   * How many VFs each PF is to have, by its interface or PCI address. A PF that is not named keeps
   * what it has.
   */
  vfCounts?: Readonly<Record<string, number>>;
  log: Log;
  heartbeatMs: number;
  /** Looks for what is wrong with the host, apart from its hypervisor. Absent: nobody looks. */
  checkHealth?: () => Promise<HostProblem[]>;
  /**
   * How often it is looked at. Default: every half minute, and every five seconds while something
   * keeps servers away.
   */
  healthMs?: number;
  /** What `uptime` prints on the host; undefined: it does not say. Absent: nobody asks. */
  uptime?: () => Promise<Uptime | undefined>;
}

/** The options of an agent: its host's parts, the operator's device specs, and how it reports. */
import type { Duplex } from 'node:stream';
import type { CommandJournal } from '#contracts/host/command-journal.ts';
import type { GuestConsoles } from '#contracts/host/guest-consoles.ts';
import type { GuestFiles } from '#contracts/host/guest-files.ts';
import type { GuestTransfer } from '#contracts/host/guest-transfer.ts';
import type { HostBridges } from '#contracts/host/host-bridges.ts';
import type { Uptime } from '#contracts/host/host-link.ts';
import type { HostLinks } from '#contracts/host/host-links.ts';
import type { HostTaps } from '#contracts/host/host-taps.ts';
import type { HostMemory } from '#contracts/host/host-memory.ts';
import type { Hypervisor } from '#contracts/host/hypervisor.ts';
import type { Log } from '#contracts/log.ts';
import type { NodeDevices } from '#contracts/host/node-devices.ts';
import type { PciBus } from '#contracts/host/pci-bus.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { DeviceSpec } from '#core/pci/specs/device-spec.ts';
import type { Reserved } from '#core/scheduling/reserved.ts';
import type { ChangeCounter } from '#runtime/timing/change-counter.ts';

export interface AgentOptions {
  host: string;
  hostIp: string;
  hypervisor: Hypervisor;
  pciBus: PciBus;
  /** The hypervisor's data on the host's devices. Absent: only the PCI bus is read. */
  nodeDevices?: NodeDevices;
  bridges: HostBridges;
  links: HostLinks;
  taps: HostTaps;
  /** Data that the agent keeps between runs. */
  memory: HostMemory;
  guestFiles: GuestFiles;
  /** The id of the storage with its guests' files; absent: no other host has it. */
  sharedStorage?: string;
  /** Absent: its guests stay on it. */
  transfer?: GuestTransfer;
  /** Whether it can be used now, read with each report. Absent: always. */
  canTransfer?: () => Promise<boolean>;
  /** Absent: its guests have none. */
  consoles?: GuestConsoles;
  /**
   * Connects to the controller for the console that it requested with this id; `at`: to the one
   * with this address.
   */
  dialConsole?: (requestId: string, at?: string) => Promise<Duplex>;
  /** The operator's rules for devices available to guests; first match wins. */
  deviceSpecs: readonly DeviceSpec[];
  /** Whether to warn of device specs without the apparent effect. Default: yes. */
  auditsSpecs?: boolean;
  /** Physical networks that its bridges reach, beside those of its device specs. */
  bridgedNetworks: readonly string[];
  /** The bridge of its switch that steers devices by flows; absent: none. */
  offloadBridge?: string;
  /** Reserved for the host itself; absent: nothing. */
  reserved?: Reserved;
  /** Where it keeps commands across restarts. */
  journal: CommandJournal;
  /**
   * How many VFs each PF is to have, by its interface or PCI address. An unnamed PF keeps what it
   * has.
   */
  vfCounts?: Readonly<Record<string, number>>;
  log: Log;
  /** How often it sends a heartbeat; absent: never, because whoever runs it reports it alive. */
  heartbeatMs?: number;
  /** Repeats its checks until the returned function is called. Absent: each with its own timer. */
  every?: (ms: number, act: () => void) => () => void;
  /**
   * Counts what may have changed anything on the host: it is not checked again while nothing has
   * changed. Absent: unknown; it is always checked.
   */
  changes?: ChangeCounter;
  /** Checks the host for problems, apart from its hypervisor. Absent: no checks. */
  checkHealth?: () => Promise<HostProblem[]>;
  /**
   * How often health is checked. Default: every half minute, and every five seconds while a problem
   * keeps servers away.
   */
  healthMs?: number;
  /** What `uptime` prints on the host; undefined: unavailable. Absent: not read. */
  uptime?: () => Promise<Uptime | undefined>;
}

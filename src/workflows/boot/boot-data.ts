/** What the steps of a boot hand on in the task row. */
import type { Task } from '#contracts/store/store.ts';
import type { GuestNuma } from '#core/servers/guest-numa.ts';
import type { DevicePorts } from '../ports/device-ports.ts';
import type { PlugData } from '../ports/wait-for-plug.ts';

export interface BootData extends Record<string, unknown>, PlugData {
  /** 1 for the first host tried. */
  attempt: number;
  availabilityZone: string | null;
  forcedHost: string | null;
  /** The NUMA topology asked for, if any. */
  numa: GuestNuma | null;
  /** Hosts that were only silent have been given the time to report. */
  hasWaited?: boolean;
  failedHosts: { host: string; reason: string }[];
  /** Those of its ports that need a device. */
  devicePorts?: DevicePorts;
  /** Ids of servers it asks to share a host with one of. */
  sameHost?: string[];
  /** Ids of servers it asks to share a host with none of. */
  differentHost?: string[];
  /** When the step that now waits for the host began. */
  startedAt?: number;
  /** The boot is being undone, and its host, which may have the guest, does not answer. */
  hostIsSilent?: boolean;
  /** Why the boot is being undone. */
  failure?: { message: string; detail: string; retry: boolean };
}

/** The data of a boot task. */
export function bootData(task: Task): BootData {
  return task.data as BootData;
}

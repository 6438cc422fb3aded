/**
 * Reports changes of the kernel's devices to the controller at once: functions that appear or
 * disappear, links, quarantine.
 */
import type { HostReport } from '#contracts/host/host-link.ts';
import { isSame } from '#core/is-same.ts';
import type { PciFunction, ReportedDevice } from '#core/pci/devices/device.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { AgentOptions } from '../agent-options.ts';
import { cleanUpHost, type HostParts } from '../host-parts.ts';
import { repeatCheck } from './repeated-check.ts';

export interface FollowedHost {
  /** Remembers the devices of this report, because it is sent. */
  note(report: HostReport): HostReport;
  /**
   * Returns when a device that was just quarantined, or no longer is, has been reported: until then
   * it must not be taken for free.
   */
  settled(): Promise<void>;
  stop(): void;
}

export interface FollowParts {
  report: () => Promise<HostReport>;
  send: (report: HostReport) => void;
  /** `changes` of the host before it was put in order. */
  since?: number | undefined;
}

/** Changes come in bursts: a driver creates its VFs one after the other. */
const quietMs = 200;
/** How often a failed cleaning is retried. */
const cleanEveryMs = 30_000;

/** Follows the host until stopped. `report` reads it now, `send` reports to the controller. */
export function followHost(
  options: AgentOptions,
  parts: HostParts,
  { report, send, since }: FollowParts,
): FollowedHost {
  const { pciBus, log, host } = options;
  let reported: ReportedDevices | undefined;
  let isDirty = false;
  let stopped = false;
  let quiet: NodeJS.Timeout | undefined;
  const queue = new SerialQueue();

  const note = (now: HostReport): HostReport => {
    reported = keptOf(now);
    return now;
  };
  const reportChange = async (): Promise<void> => {
    isDirty = false;
    const now = await report();
    if (!stopped && !isSame(keptOf(now), reported)) send(note(now));
  };
  const failed = (error: unknown): void => {
    log.warn({ err: error, host }, 'the state of the host cannot be read; will try again');
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => queue.run(work).catch(failed);
  const cleanAndReport = async (): Promise<void> => {
    await cleanUpHost(parts);
    await reportChange();
  };

  parts.devices.onChange(() => {
    isDirty = true;
  });
  const changed = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(() => void inTurn(reportChange), quietMs);
  };
  // The hypervisor notices a function later than the kernel, and may report it alone.
  const unwatches = [pciBus.watch(changed), parts.nodes.watch(changed)];
  const stopCleaning = repeatCheck(options, {
    check: () => queue.run(cleanAndReport),
    paceMs: () => cleanEveryMs,
    since,
    failed,
  });
  return {
    note,
    settled: async () => {
      if (isDirty) await inTurn(reportChange);
    },
    stop() {
      stopped = true;
      for (const unwatch of unwatches) unwatch();
      clearTimeout(quiet);
      stopCleaning();
    },
  };
}

/** Two lists: of thousands of hosts, an object for each device would be most of the memory. */
interface ReportedDevices {
  functions: readonly PciFunction[];
  tags: readonly ReportedDevice['tags'][];
}

function keptOf({ devices }: HostReport): ReportedDevices {
  return {
    functions: devices.map((device) => device.function),
    tags: devices.map(({ tags }) => tags),
  };
}

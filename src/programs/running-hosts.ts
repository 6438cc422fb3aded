/** The agents that run in this process: they can be stopped, started again, and simulated hosts changed underneath. */
import type { Logger } from 'pino';
import { startAgent } from '#agent/agent.ts';
import { ComputeError } from '#core/errors.ts';
import { parseDeviceSpecs } from '#core/pci/parse-device-specs.ts';
import {
  type DescribedDevice,
  describedFunctions,
} from '#integrations/simulated/described-devices.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import type { Host } from '#contracts/store.ts';
import type { SimulatedHost } from '#integrations/simulated/simulated-host.ts';
import type { WorkflowContext } from '#workflows/context.ts';
import { serveAgent } from '#workflows/serve-agent.ts';
import type { ConfigEntry } from './config.ts';
import { type HostParts, heartbeatMs } from './host-parts.ts';

/** What may differ when an agent starts again; what is absent stays. */
export interface HostChanges {
  deviceSpec?: ConfigEntry[];
  devices?: DescribedDevice[];
}

/** Every act returns when the store has what the host now reports. Throws `notFound` for a name that no host has. */
export interface LocalHosts {
  /** Starts the agent of a host; no error when it runs. */
  start(name: string): Promise<void>;
  /** Stops the agent; guests go on running. */
  stop(name: string): Promise<void>;
  restart(name: string, changes?: HostChanges): Promise<void>;
  /** Changes the hardware of a simulated host. Nobody is told until the next `refresh` or start. */
  setDevices(name: string, devices: readonly DescribedDevice[]): void;
  /** Every running agent looks at its host and reports. */
  refresh(): Promise<void>;
}

interface Running {
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts no agent yet. `onReport` is told of each host as it has just reported. */
export function runningHosts(
  context: WorkflowContext,
  hosts: readonly HostParts[],
  { log, onReport }: { log: Logger; onReport: (host: Host) => void },
): LocalHosts {
  const running = new Map<string, Running>();
  const partsOf = (name: string): HostParts => {
    const parts = hosts.find(({ host }) => host === name);
    if (parts !== undefined) return parts;
    throw new ComputeError('notFound', `Host ${name} could not be found.`);
  };
  const machineOf = (name: string): SimulatedHost => {
    const { machine } = partsOf(name);
    if (machine !== undefined) return machine;
    throw new ComputeError('invalid', `Host ${name} is not simulated.`);
  };
  const control: LocalHosts = {
    async start(name) {
      if (running.has(name)) return;
      running.set(name, await joinHost(context, partsOf(name), { log, onReport }));
    },
    async stop(name) {
      await running.get(partsOf(name).host)?.stop();
      running.delete(name);
    },
    async restart(name, { deviceSpec, devices } = {}) {
      const parts = partsOf(name);
      await control.stop(name);
      if (devices !== undefined) control.setDevices(name, devices);
      if (deviceSpec !== undefined) {
        parts.deviceSpecs = parseDeviceSpecs(deviceSpec, machineOf(name).functions);
      }
      await control.start(name);
    },
    setDevices(name, devices) {
      machineOf(name).functions = describedFunctions(devices);
    },
    async refresh() {
      await Promise.all([...running.values()].map((host) => host.refresh()));
    },
  };
  return control;
}

/** Starts a host's agent; its first report is in the store when this returns. */
async function joinHost(
  context: WorkflowContext,
  host: HostParts,
  { log, onReport }: { log: Logger; onReport: (host: Host) => void },
): Promise<Running> {
  const { agentEnd, controllerEnd } = inProcessLink();
  const waiting: (() => void)[] = [];
  const reported = (): Promise<void> => new Promise((taken) => waiting.push(taken));
  serveAgent(context, controllerEnd, (row) => {
    onReport(row);
    waiting.shift()?.();
  });
  const first = reported();
  const agent = await startAgent({ ...host, log, heartbeatMs });
  await agent.join(agentEnd);
  await first;
  return {
    async refresh() {
      const next = reported();
      await agent.refresh();
      await next;
    },
    stop: () => agent.stop(),
  };
}

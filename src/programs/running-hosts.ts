/** The agents of simulated hosts that run now: they can be stopped, started again, and their hosts changed underneath. */
import type { Logger } from 'pino';
import { startAgent } from '#agent/agent.ts';
import { ComputeError } from '#core/errors.ts';
import { parseDeviceSpecs } from '#core/pci/parse-device-specs.ts';
import {
  type DescribedDevice,
  describedFunctions,
} from '#integrations/simulated/described-devices.ts';
import type { WorkflowContext } from '#workflows/context.ts';
import { serveAgent } from '#workflows/serve-agent.ts';
import type { ConfigEntry } from './config.ts';
import { inProcessLink } from './in-process-link.ts';
import type { HostParts } from './simulated-agents.ts';

/** What may differ when an agent starts again; what is absent stays. */
export interface HostChanges {
  deviceSpec?: ConfigEntry[];
  devices?: DescribedDevice[];
}

/** Every act returns when the store has what the host now reports. Throws `notFound` for a name that no host has. */
export interface SimulatedHosts {
  /** Starts the agent of a host; no error when it runs. */
  start(name: string): Promise<void>;
  /** Stops the agent; guests go on running. */
  stop(name: string): Promise<void>;
  restart(name: string, changes?: HostChanges): Promise<void>;
  /** Changes the hardware. A running agent notices within two seconds; `refresh` makes it look now. */
  setDevices(name: string, devices: readonly DescribedDevice[]): void;
  /** Every running agent looks at its host and reports. */
  refresh(): Promise<void>;
}

interface Running {
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

const heartbeatMs = 10_000;

/** The physical networks that a host is connected to: what the embedded network service can bind there. */
export function physicalNetworksOf({ deviceSpecs, bridgeMappings }: HostParts): Set<string> {
  const names = deviceSpecs.map((spec) => spec.tags['physical_network']);
  return new Set([...names.filter((name) => typeof name === 'string'), ...bridgeMappings]);
}

/** Starts no agent yet. `physicalNetworks` by host name is kept up to date. */
export function runningHosts(
  context: WorkflowContext,
  hosts: readonly HostParts[],
  { log, physicalNetworks }: { log: Logger; physicalNetworks: Map<string, Set<string>> },
): SimulatedHosts {
  const running = new Map<string, Running>();
  const partsOf = (name: string): HostParts => {
    const parts = hosts.find(({ host }) => host === name);
    if (parts !== undefined) return parts;
    throw new ComputeError('notFound', `Host ${name} could not be found.`);
  };
  const control: SimulatedHosts = {
    async start(name) {
      if (!running.has(name)) running.set(name, await joinHost(context, partsOf(name), log));
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
        parts.deviceSpecs = parseDeviceSpecs(deviceSpec, parts.machine.functions);
        physicalNetworks.set(name, physicalNetworksOf(parts));
      }
      await control.start(name);
    },
    setDevices(name, devices) {
      partsOf(name).machine.functions = describedFunctions(devices);
    },
    async refresh() {
      await Promise.all([...running.values()].map((host) => host.refresh()));
    },
  };
  return control;
}

/** Starts a host's agent; its first report is in the store when this returns. */
async function joinHost(context: WorkflowContext, host: HostParts, log: Logger): Promise<Running> {
  const { agentEnd, controllerEnd } = inProcessLink();
  const waiting: (() => void)[] = [];
  const reported = (): Promise<void> => new Promise((taken) => waiting.push(taken));
  serveAgent(context, controllerEnd, () => waiting.shift()?.());
  const first = reported();
  const agent = await startAgent({ ...host, log, heartbeatMs }, agentEnd);
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

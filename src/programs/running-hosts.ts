/** The agents of simulated hosts that run now: they can be stopped, started again, and their hosts changed underneath. */
import type { Logger } from 'pino';
import { startAgent } from '#agent/agent.ts';
import { ComputeError } from '#core/errors.ts';
import { checkHost } from '#core/hosts/check-host.ts';
import { problemsOf } from '#core/hosts/host-check.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import { parseDeviceSpecs } from '#core/pci/parse-device-specs.ts';
import {
  type DescribedDevice,
  describedFunctions,
} from '#integrations/simulated/described-devices.ts';
import {
  type AgentLife,
  type CallWatcher,
  faultyHost,
} from '#integrations/simulated/faulty-host.ts';
import { simulatedHostFacts } from '#integrations/simulated/host-facts.ts';
import type { SimulatedFault } from '#integrations/simulated/host-faults.ts';
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

/** What is on the host, whoever runs there. */
export type OnHost = Pick<HostParts, 'hypervisor' | 'pciBus' | 'machine'>;

/** Every act returns when the store has what the host now reports. Throws `notFound` for a name that no host has. */
export interface SimulatedHosts {
  /** Starts the agent of a host; no error when it runs. */
  start(name: string): Promise<void>;
  /** Stops the agent; guests go on running. */
  stop(name: string): Promise<void>;
  restart(name: string, changes?: HostChanges): Promise<void>;
  /** Changes the hardware. Nobody is told until the next `refresh` or start. */
  setDevices(name: string, devices: readonly DescribedDevice[]): void;
  /** Makes the host fail in this way, or (false) no longer. Its health is told with the next `refresh`, start, or half a minute later. */
  setFault(name: string, fault: SimulatedFault, isOn?: boolean): void;
  /** Shows every call of the running agent to its host; undefined: no longer. */
  watchCalls(name: string, watcher: CallWatcher | undefined): void;
  /** Ends the agent as `kill -9` does: what it was doing stays half done. */
  kill(name: string): void;
  /** The host itself, past its agent: for what its users, its guests and chance do there. */
  onHost<T>(name: string, act: (host: OnHost) => Promise<T>): Promise<T>;
  /** Every running agent looks at its host and reports. */
  refresh(): Promise<void>;
}

interface Running {
  life: AgentLife;
  refresh(): Promise<void>;
  /** Without waiting. */
  drop(): void;
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
    setFault(name, fault, isOn = true) {
      partsOf(name).faults.set(fault, isOn);
    },
    watchCalls(name, watcher) {
      const life = running.get(partsOf(name).host)?.life;
      if (life !== undefined) life.watcher = watcher;
    },
    kill(name) {
      running.get(partsOf(name).host)?.drop();
      running.delete(name);
    },
    onHost: (name, act) => act(partsOf(name)),
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
  const life: AgentLife = { isOver: false, watcher: undefined };
  const checkHealth = (): Promise<HostProblem[]> => Promise.resolve(healthOf(host));
  const agent = await startAgent(
    { ...host, ...faultyHost({ ...host, life }), checkHealth, log, heartbeatMs },
    agentEnd,
  );
  await first;
  return {
    life,
    drop() {
      life.isOver = true;
      agentEnd.close();
      void agent.stop();
    },
    async refresh() {
      const next = reported();
      await agent.refresh();
      await next;
    },
    stop: () => agent.stop(),
  };
}

function healthOf({ machine, faults, deviceSpecs }: HostParts): HostProblem[] {
  const facts = simulatedHostFacts(machine, faults);
  const { functions } = machine;
  return problemsOf(checkHost({ facts, functions, deviceSpecs, vfCounts: {} }));
}

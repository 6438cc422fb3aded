/**
 * The agents that run in this process: they can be stopped and restarted, and simulated hosts
 * changed underneath.
 */
import type { Logger } from 'pino';
import { startAgent } from '#agent/agent.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { checkHost } from '#core/hosts/check-host.ts';
import { problemsOf } from '#core/hosts/host-check.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import {
  type DescribedDevice,
  describedFunctions,
} from '#integrations/simulated/machine/described-devices.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import type { Host } from '#contracts/store/store.ts';
import {
  type AgentLife,
  type CallWatcher,
  faultyHost,
} from '#integrations/simulated/faulty-host.ts';
import { simulatedHostFacts } from '#integrations/simulated/machine/host-facts.ts';
import type { SimulatedFault } from '#integrations/simulated/host-faults.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { serveAgent } from '#workflows/watch/serve-agent.ts';
import type { ConfigEntry } from '../config/config.ts';
import { type HostParts, heartbeatMs, type SimulatedMachine } from '../config/host-parts.ts';

/** What may change when an agent is restarted; absent values are kept. */
export interface HostChanges {
  deviceSpec?: ConfigEntry[];
  devices?: DescribedDevice[];
}

/**
 * Every operation returns when the store has the host's new report. Throws `notFound` for an
 * unknown host name.
 */
export interface LocalHosts {
  /** Starts the agent of a host; no error when it runs. */
  start(name: string): Promise<void>;
  /** Stops the agent; guests keep running. */
  stop(name: string): Promise<void>;
  restart(name: string, changes?: HostChanges): Promise<void>;
  /**
   * Changes the hardware of a simulated host. A running agent notices within two seconds; `refresh`
   * makes it read now.
   */
  setDevices(name: string, devices: readonly DescribedDevice[]): void;
  /**
   * Makes a simulated host fail in this way, or (false) no longer. Its health is reported with the
   * next `refresh`, start, or within half a minute.
   */
  setFault(name: string, fault: SimulatedFault, isOn?: boolean): void;
  /** Intercepts every call of the running agent to its simulated host; undefined: no longer. */
  watchCalls(name: string, watcher: CallWatcher | undefined): void;
  /** Ends the agent as `kill -9` does: its work in progress stays half done. */
  kill(name: string): void;
  /**
   * The simulated host itself, without its agent: for actions of its users and guests, and for
   * faults.
   */
  onHost<T>(name: string, act: (host: SimulatedMachine) => Promise<T>): Promise<T>;
  /** Makes every running agent read its host and report. */
  refresh(): Promise<void>;
}

interface Running {
  life: AgentLife;
  refresh(): Promise<void>;
  /** Without waiting. */
  drop(): void;
  stop(): Promise<void>;
}

/** Starts no agent yet. `onReport` is called with each host that has just reported. */
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
  const simulatedOf = (name: string): SimulatedMachine => {
    const { simulated } = partsOf(name);
    if (simulated !== undefined) return simulated;
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
        parts.deviceSpecs = parseDeviceSpecs(deviceSpec, simulatedOf(name).machine.functions);
      }
      await control.start(name);
    },
    setDevices(name, devices) {
      simulatedOf(name).machine.functions = describedFunctions(devices);
    },
    setFault(name, fault, isOn = true) {
      simulatedOf(name).faults.set(fault, isOn);
    },
    watchCalls(name, watcher) {
      const life = running.get(partsOf(name).host)?.life;
      if (life !== undefined) life.watcher = watcher;
    },
    kill(name) {
      running.get(partsOf(name).host)?.drop();
      running.delete(name);
    },
    onHost: (name, act) => act(simulatedOf(name)),
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
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => {});
  const taken = (row: Host): void => {
    onReport(row);
    waiting.shift()?.();
  };
  serveAgent(context, controllerEnd, taken, refused.reject);
  const first = reported();
  const life: AgentLife = { isOver: false, watcher: undefined };
  const agent = await startAgent({ ...host, ...simulatedParts(host, life), log, heartbeatMs });
  await agent.join(agentEnd);
  try {
    await Promise.race([first, refused.promise]);
  } catch (cause) {
    await agent.stop();
    const why = errorText(cause);
    throw new ComputeError('unavailable', `host ${host.host} cannot be started: ${why}`, { cause });
  }
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

/** A simulated host for this run of its agent; nothing for a real one. */
function simulatedParts(host: HostParts, life: AgentLife) {
  if (host.simulated === undefined) return {};
  const { machine, faults } = host.simulated;
  const checkHealth = async (): Promise<HostProblem[]> => {
    const { functions } = machine;
    const facts = simulatedHostFacts(machine, faults);
    return problemsOf(checkHost({ facts, functions, deviceSpecs: host.deviceSpecs, vfCounts: {} }));
  };
  return { ...faultyHost(host, { faults, life }), checkHealth };
}

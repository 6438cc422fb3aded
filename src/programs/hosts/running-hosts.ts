/**
 * The agents that run in this process: they can be stopped and restarted, and simulated hosts
 * changed underneath.
 */
import { type Duplex, duplexPair } from 'node:stream';
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
import type { Uptime } from '#contracts/host/host-link.ts';
import type { Host } from '#contracts/store/store.ts';
import {
  type AgentLife,
  type CallWatcher,
  faultyHost,
} from '#integrations/simulated/faulty-host.ts';
import { simulatedHostFacts } from '#integrations/simulated/machine/host-facts.ts';
import type { SimulatedFault } from '#integrations/simulated/host-faults.ts';
import { ChangeCounter } from '#runtime/timing/change-counter.ts';
import { type Every, sharedTimers } from '#runtime/timing/shared-timer.ts';
import { settleAll } from '#runtime/settle-all.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { type ReportListener, serveAgent } from '#workflows/watch/serve-agent.ts';
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
  /** Starts the agents of these hosts, many at a time. */
  startAll(names: readonly string[]): Promise<void>;
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
  /** Stops every agent; guests keep running. */
  close(): Promise<void>;
}

interface Running {
  life: AgentLife;
  /** It runs: what a heartbeat of an agent elsewhere says. */
  beat(uptime: Uptime | undefined): void;
  refresh(): Promise<void>;
  /** Without waiting. */
  drop(): void;
  stop(): Promise<void>;
}

/** Their reports share transactions. */
const startedAtOnce = 500;

/** Starts no agent yet. */
export function runningHosts(
  context: WorkflowContext,
  hosts: readonly HostParts[],
  { log, listener }: { log: Logger; listener: ReportListener },
): LocalHosts {
  const running = new Map<string, Running>();
  const byName = new Map(hosts.map((parts) => [parts.host, parts]));
  const partsOf = (name: string): HostParts => {
    const parts = byName.get(name);
    if (parts !== undefined) return parts;
    throw new ComputeError('notFound', `Host ${name} could not be found.`);
  };
  const simulatedOf = (name: string): SimulatedMachine => {
    const { simulated } = partsOf(name);
    if (simulated !== undefined) return simulated;
    throw new ComputeError('invalid', `Host ${name} is not simulated.`);
  };
  const every = sharedTimers();
  const beating = setInterval(() => void beatAll(byName, running), heartbeatMs).unref();
  const control: LocalHosts = {
    async start(name) {
      if (running.has(name)) return;
      running.set(name, await joinHost(context, partsOf(name), { log, listener, every }));
    },
    async startAll(names) {
      for (let start = 0; start < names.length; start += startedAtOnce) {
        const some = names.slice(start, start + startedAtOnce);
        await settleAll(some, (name) => control.start(name));
      }
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
        parts.auditsSpecs = true;
      }
      await control.start(name);
    },
    ...changesUnderneath(simulatedOf),
    watchCalls(name, watcher) {
      const life = running.get(partsOf(name).host)?.life;
      if (life !== undefined) life.watcher = watcher;
    },
    kill(name) {
      running.get(partsOf(name).host)?.drop();
      running.delete(name);
    },
    async refresh() {
      await Promise.all([...running.values()].map((host) => host.refresh()));
    },
    async close() {
      clearInterval(beating);
      await Promise.all([...running.values()].map((host) => host.stop()));
      running.clear();
    },
  };
  return control;
}

/** Changes of a simulated host that its agent does not make. */
function changesUnderneath(
  simulatedOf: (name: string) => SimulatedMachine,
): Pick<LocalHosts, 'setDevices' | 'setFault' | 'onHost'> {
  return {
    setDevices(name, devices) {
      const host = simulatedOf(name);
      host.machine.functions = describedFunctions(devices);
      host.changes.add();
    },
    setFault(name, fault, isOn = true) {
      const host = simulatedOf(name);
      host.faults.set(fault, isOn);
      host.changes.add();
    },
    async onHost(name, act) {
      const host = simulatedOf(name);
      try {
        return await act(host);
      } finally {
        host.changes.add();
      }
    },
  };
}

interface JoinOptions {
  log: Logger;
  listener: ReportListener;
  every: Every;
}

/** Starts a host's agent; its first report is in the store when this returns. */
async function joinHost(
  context: WorkflowContext,
  host: HostParts,
  { log, listener, every }: JoinOptions,
): Promise<Running> {
  const { agentEnd, controllerEnd } = inProcessLink();
  const waiting: (() => void)[] = [];
  const reported = (): Promise<void> => new Promise((taken) => waiting.push(taken));
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => {});
  const taken = (row: Host): void => {
    listener.onReport(row);
    waiting.shift()?.();
  };
  const session = serveAgent(context, controllerEnd, {
    ...listener,
    onReport: taken,
    onHelloFailed: refused.reject,
  });
  const first = reported();
  const changes = host.simulated?.changes ?? new ChangeCounter();
  const life: AgentLife = { isOver: false, watcher: undefined, changes };
  const dialConsole = async (requestId: string): Promise<Duplex> => {
    const [agents, controllers] = duplexPair();
    context.links.consoles.take(host.host, requestId, controllers);
    return agents;
  };
  const parts = { ...host, ...livingParts(host, life), dialConsole };
  const agent = await startAgent({ ...parts, log, every });
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
    beat: (uptime) => session.beat(uptime),
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

/** The parts of a simulated host for this run of its agent; nothing for a real one. */
export function livingParts(host: HostParts, life: AgentLife) {
  if (host.simulated === undefined) return {};
  const { simulated } = host;
  const { machine, faults } = simulated;
  const check = (): HostProblem[] => {
    const { functions } = machine;
    const facts = simulatedHostFacts(machine, faults);
    return problemsOf(checkHost({ facts, functions, deviceSpecs: host.deviceSpecs, vfCounts: {} }));
  };
  const checked = { machine, faults, deviceSpecs: host.deviceSpecs };
  const checkHealth = async (): Promise<HostProblem[]> =>
    host.alike?.problems(checked, check) ?? check();
  return { ...faultyHost(host, { faults, life }), checkHealth, changes: life.changes };
}

/** Reads each uptime once: simulated hosts have that of this process. */
async function beatAll(
  hosts: ReadonlyMap<string, HostParts>,
  running: ReadonlyMap<string, Running>,
): Promise<void> {
  const lines = new Map<HostParts['uptime'], Uptime | undefined>();
  for (const [name, host] of running) {
    const uptime = hosts.get(name)?.uptime;
    if (!lines.has(uptime)) lines.set(uptime, await uptime?.().catch(() => undefined));
    host.beat(lines.get(uptime));
  }
}

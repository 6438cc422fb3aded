/** `novella up`: the whole cloud in one process. Read top to bottom, it is the order of the start. */
import { randomBytes, randomUUID } from 'node:crypto';
import { type Logger, pino } from 'pino';
import { createComputeApi } from '#api/compute-api.ts';
import { type CloudCredentials, writeCloudsYaml } from '#cli/clouds-yaml.ts';
import type { Clock } from '#contracts/clock.ts';
import { parseAliases } from '#core/pci/alias.ts';
import { listen } from '#http/service.ts';
import { openStore } from '#integrations/database/store.ts';
import type { WorkflowContext } from '#workflows/context.ts';
import { FleetView } from '#workflows/fleet-view.ts';
import { startDispatcher } from '#workflows/dispatcher.ts';
import { serverVerbs, workflows } from '#workflows/server-verbs.ts';
import type { Config } from './config.ts';
import { type EmbeddedServices, embeddedServices } from './embedded-services.ts';
import { inProcessWakeup } from './in-process-wakeup.ts';
import { physicalNetworksOf, runningHosts, type SimulatedHosts } from './running-hosts.ts';
import { simulatedHosts } from './simulated-agents.ts';
import { ensureFlavors } from './starting-flavors.ts';
import { ensureSecret, type StateDirectory, takeStateDirectory } from './state-directory.ts';

export interface AllInOne {
  urls: { identity: string; compute: string; network: string; image: string };
  /** How clients reach it. */
  cloudsYaml: string;
  /** For tests and what-if questions: a host's agent or hardware, changed while the cloud runs. */
  hosts: SimulatedHosts;
  stop(): Promise<void>;
}

const clock: Clock = { now: Date.now };
const hostTimeoutMs = 60_000;

/**
 * Starts everything this configuration asks for; when it returns, the API answers and every host can be scheduled to.
 * Throws ComputeError naming what is wrong, with nothing left running.
 */
export async function startAllInOne(
  config: Config,
  log: Logger = pino({ level: 'silent' }),
): Promise<AllInOne> {
  const state = takeStateDirectory(config.stateDir);
  const stops: (() => void | Promise<void>)[] = [() => state.release()];
  const stop = async (): Promise<void> => {
    for (const act of stops.splice(0).toReversed()) await act();
  };
  try {
    return { ...(await start(config, state, { log, stops })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  config: Config,
  state: StateDirectory,
  { log, stops }: { log: Logger; stops: (() => void | Promise<void>)[] },
): Promise<Omit<AllInOne, 'stop'>> {
  const hosts = await simulatedHosts(config.simulated, {
    folder: state.file('hosts'),
    images: { open: (id) => embedded.image.service.open(id) },
  });
  const passwordOf = (user: string): string =>
    ensureSecret(state.file(`${user}-password`), () => randomBytes(12).toString('hex'));
  const passwords = { admin: passwordOf('admin'), demo: passwordOf('demo') };
  const { store, db } = await openStore(state.file('novella.sqlite'), { clock });
  stops.push(() => store.close());
  // Whoever held leases was the process before this one, for the state directory is ours alone.
  await store.tasks.releaseAll();
  await store.commands.forgetQuestions();
  // And no agent has spoken yet: a host that this configuration no longer has is not to be scheduled to.
  for (const host of await store.hosts.list()) await store.hosts.seen(host.id, 0);
  await ensureFlavors(store);

  const physicalNetworks = new Map(hosts.map((host) => [host.host, physicalNetworksOf(host)]));
  const urls = { identity: '', compute: '', network: '', image: '' };
  const embedded = await embeddedServices({
    db,
    clock,
    log,
    urls,
    imageFolder: state.file('images'),
    passwords,
    physicalNetworks,
  });
  const context: WorkflowContext = {
    store,
    network: embedded.network.service,
    images: embedded.image.service,
    wakeup: inProcessWakeup(),
    clock,
    newId: randomUUID,
    log,
    fleet: new FleetView(),
    settings: {
      aliases: parseAliases(config.aliases),
      hostTimeoutMs,
      bootAttempts: 3,
      cardPreference: config.cardPreference,
      allocationRatios: config.allocationRatios,
    },
  };
  const running = runningHosts(context, hosts, { log, physicalNetworks });
  for (const { host, later } of hosts) {
    stops.push(() => running.stop(host));
    if (!later) await running.start(host);
  }
  const dispatcher = startDispatcher(context, {
    owner: `up-${process.pid}`,
    workflows,
    concurrency: 32,
    leaseMs: 60_000,
    pollMs: 1_000,
  });
  stops.push(() => dispatcher.stop());

  Object.assign(urls, await openDoors(config, { context, embedded, urls, log, stops }));
  const cloudsYaml = state.file('clouds.yaml');
  writeCloudsYaml(cloudsYaml, {
    novella: credentials(urls.identity, 'admin', passwords.admin),
    'novella-demo': credentials(urls.identity, 'demo', passwords.demo),
  });
  return { urls, cloudsYaml, hosts: running };
}

/** A user whose project has the same name. */
function credentials(authUrl: string, name: string, password: string): CloudCredentials {
  const domains = { userDomainName: 'Default', projectDomainName: 'Default' };
  return { authUrl, username: name, password, projectName: name, ...domains };
}

/** Listens with all four services and returns their URLs. */
async function openDoors(
  config: Config,
  parts: {
    context: WorkflowContext;
    embedded: EmbeddedServices;
    urls: AllInOne['urls'];
    log: Logger;
    stops: (() => void | Promise<void>)[];
  },
): Promise<AllInOne['urls']> {
  const { context, embedded, urls, log, stops } = parts;
  const compute = createComputeApi({
    ...context,
    log,
    identity: embedded.identity.service,
    identityUrl: () => urls.identity,
    hostTimeoutMs,
    workflows: serverVerbs(context),
  });
  const open = async (app: typeof compute, name: keyof Config['ports']): Promise<string> => {
    stops.push(() => app.close());
    const port = await listen(app, name, config.listen, config.ports[name]);
    return `http://${reachable(config.listen)}:${port}`;
  };
  return {
    identity: `${await open(embedded.identity.app, 'identity')}/v3`,
    network: await open(embedded.network.app, 'network'),
    image: await open(embedded.image.app, 'image'),
    compute: `${await open(compute, 'compute')}/v2.1`,
  };
}

/** The address as a URL has it; a wildcard is reached on this machine. Example: `::1` → `[::1]`. */
function reachable(listen: string): string {
  if (listen === '0.0.0.0' || listen === '::') return '127.0.0.1';
  return listen.includes(':') ? `[${listen}]` : listen;
}

/** `novella up`: the whole cloud in one process. Read top to bottom, it is the order of the start. */
import { randomBytes, randomUUID } from 'node:crypto';
import { type Logger, pino } from 'pino';
import { createComputeApi } from '#api/compute-api.ts';
import { writeCloudsYaml } from '#cli/clouds-yaml.ts';
import type { Clock } from '#contracts/clock.ts';
import { parseAliases } from '#core/pci/alias.ts';
import { listen } from '#http/service.ts';
import { openStore } from '#integrations/database/store.ts';
import { bootServer } from '#workflows/boot-server.ts';
import type { WorkflowContext } from '#workflows/context.ts';
import { createServers } from '#workflows/create-server.ts';
import { deleteServer, deleteWorkflow } from '#workflows/delete-server.ts';
import { startDispatcher } from '#workflows/dispatcher.ts';
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
  const hosts = await simulatedHosts(config.simulated, state.file('hosts'));
  const password = ensureSecret(state.file('admin-password'), () =>
    randomBytes(12).toString('hex'),
  );
  const { store, db } = await openStore(state.file('novella.sqlite'), { clock });
  stops.push(() => store.close());
  // Whoever held leases was the process before this one, for the state directory is ours alone.
  await store.tasks.releaseAll();
  await ensureFlavors(store);

  const physicalNetworks = new Map(hosts.map((host) => [host.host, physicalNetworksOf(host)]));
  const urls = { identity: '', compute: '', network: '', image: '' };
  const embedded = await embeddedServices({
    db,
    clock,
    log,
    urls,
    imageFolder: state.file('images'),
    adminPassword: password,
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
    settings: { aliases: parseAliases(config.aliases), hostTimeoutMs, bootAttempts: 3 },
  };
  const running = runningHosts(context, hosts, { log, physicalNetworks });
  for (const { host, later } of hosts) {
    stops.push(() => running.stop(host));
    if (!later) await running.start(host);
  }
  const dispatcher = startDispatcher(context, {
    owner: `up-${process.pid}`,
    workflows: { boot: bootServer, delete: deleteWorkflow },
    concurrency: 32,
    leaseMs: 60_000,
    pollMs: 1_000,
  });
  stops.push(() => dispatcher.stop());

  Object.assign(urls, await openDoors(config, { context, embedded, urls, log, stops }));
  const cloudsYaml = state.file('clouds.yaml');
  writeCloudsYaml(cloudsYaml, 'novella', {
    authUrl: urls.identity,
    username: 'admin',
    password,
    projectName: 'admin',
    userDomainName: 'Default',
    projectDomainName: 'Default',
  });
  return { urls, cloudsYaml, hosts: running };
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
    workflows: {
      createServer: async (caller, request, requestId) => {
        const [first] = await createServers(context, caller, request, requestId);
        if (first === undefined) throw new Error('no server was made');
        return first;
      },
      deleteServer: (caller, server, requestId) => deleteServer(context, caller, server, requestId),
    },
  });
  const open = async (app: typeof compute, name: keyof Config['ports']): Promise<string> => {
    stops.push(() => app.close());
    const port = await listen(app, name, config.listen, config.ports[name]);
    return `http://${config.listen}:${port}`;
  };
  return {
    identity: `${await open(embedded.identity.app, 'identity')}/v3`,
    network: await open(embedded.network.app, 'network'),
    image: await open(embedded.image.app, 'image'),
    compute: `${await open(compute, 'compute')}/v2.1`,
  };
}

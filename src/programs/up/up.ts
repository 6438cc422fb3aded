/**
 * `novella up`: the entire cloud in one process. It reads top to bottom in the order of the start.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type Logger, pino } from 'pino';
import { createComputeApi } from '#api/compute-api.ts';
import type { ApiContext } from '#api/requests/context.ts';
import { FleetEvents } from '#api/fabric/fleet-events.ts';
import type { Clock } from '#contracts/clock.ts';
import type { ImageContents } from '#contracts/services/images.ts';
import type { Host, Store } from '#contracts/store/store.ts';
import { refuseWithoutRoom } from '#http/full-disk.ts';
import { mountHealth } from '#http/health.ts';
import { listen } from '#http/listen.ts';
import { clusterAuthority } from '#integrations/cluster-authority/cluster-authority.ts';
import { inProcessImageSource } from '#integrations/image-source/in-process.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { DirectTasks } from '#workflows/engine/direct-tasks.ts';
import { FleetView } from '#workflows/hosts/fleet-view.ts';
import { watchLeftGuests } from '#workflows/moves/settle-left.ts';
import { watchSilentHosts } from '#workflows/engine/end-silent-commands.ts';
import { version } from '../version.ts';
import { FabricView } from '#workflows/hosts/fabric-view.ts';
import { HostLinks } from '#workflows/hosts/host-links.ts';
import { keepLastSeen } from '#workflows/watch/keep-last-seen.ts';
import { startDispatcher } from '#workflows/engine/dispatcher.ts';
import { serverOperations, workflows } from '#workflows/server-operations.ts';
import { watchEnded } from '#workflows/watch/prune-ended.ts';
import { watchPorts } from '#workflows/watch/watch-ports.ts';
import { type Contents, contentsOf } from './cloud-contents.ts';
import { type CloudServices, cloudServices } from './cloud-services.ts';
import type { Config } from '../config/config.ts';
import type { DiskReserve } from '../state/disk-reserve.ts';
import { readTls, type TlsFiles } from '../config/doors-config.ts';
import { diskRooms } from '../state/disks.ts';
import { inProcessWakeup } from './in-process-wakeup.ts';
import { serveConsoles } from '../hosts/serve-consoles.ts';
import { admitHosts, type HostAdmission } from '../hosts/admit-hosts.ts';
import { type HostParts, networksOf, reportedNetworks } from '../config/host-parts.ts';
import { realHostParts } from '../hosts/real-host.ts';
import { openState } from '../state/open-state.ts';
import { type PolicyInForce, policyInForce } from '../policy/policy-in-force.ts';
import { PortEvents } from './port-events.ts';
import { ProjectQuotas } from '../config/project-quotas.ts';
import { pageFolder } from './page-folder.ts';
import { type Readiness, readiness } from './readiness.ts';
import type { Found } from './real-services.ts';
import { ReturningHosts } from '../hosts/returning-hosts.ts';
import { type LocalHosts, runningHosts } from '../hosts/running-hosts.ts';
import { simulatedHosts } from '../hosts/simulated-agents.ts';
import { ensureFlavors } from './starting-flavors.ts';
import { type StateDirectory, takeStateDirectory } from '../state/state-directory.ts';
import { thisMachine } from '../config/this-machine.ts';
import { workflowSettings } from '../config/workflow-settings.ts';
import type { ReportListener } from '#workflows/watch/serve-agent.ts';

export interface AllInOne {
  urls: { identity: string; compute: string; network: string; image: string };
  /** Its clouds.yaml for clients; '' among real OpenStack services, whose users have their own. */
  cloudsYaml: string;
  /** Its contents for users. */
  contents: Contents;
  /** Of the external services; undefined: all are ours. */
  survey?: Found;
  /** The administrator's password, where this start created it. */
  newPassword?: string;
  /** For tests and what-if questions: a host's agent or hardware, changed while the cloud runs. */
  hosts: LocalHosts;
  stop(): Promise<void>;
}

type Stops = (() => void | Promise<void>)[];

/** What a start has before there is any state. */
interface Beginnings {
  tls: TlsFiles | undefined;
  policy: PolicyInForce;
  log: Logger;
  stops: Stops;
}

const clock: Clock = { now: Date.now };
const monotonic: Clock = { now: () => performance.now() };
const pollMs = 1_000;

/**
 * Starts everything in this configuration; when it returns, the API answers and every host of this
 * process can be scheduled to. Throws ComputeError naming the error, with nothing left running.
 */
export async function startAllInOne(
  config: Config,
  log: Logger = pino({ level: 'silent' }),
): Promise<AllInOne> {
  const tls = readTls(config);
  const policy = policyInForce(config.policyFile, log);
  const stops: Stops = [() => policy.stop()];
  const stop = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const act of stops.splice(0).toReversed()) {
      // One that fails must not leave the others running.
      await Promise.resolve()
        .then(act)
        .catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  };
  try {
    const state = takeStateDirectory(config.stateDir, { entered: config.libvirt });
    stops.push(() => state.release());
    return { ...(await start(config, state, { tls, policy, log, stops })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  config: Config,
  state: StateDirectory,
  { tls, policy, log, stops }: Beginnings,
): Promise<Omit<AllInOne, 'stop'>> {
  const { store, db, reserve } = await openState(state, config, { clock, log, stops });
  const known = await store.hosts.list();
  const returning = await hostsOfBefore(store, known, stops);
  await ensureFlavors(store);

  const hostNetworks = new Map(
    known.map(({ name, physicalNetworks }) => [name, reportedNetworks({ physicalNetworks })]),
  );
  const listener: ReportListener = {
    onReceived: (name, report) => void hostNetworks.set(name, reportedNetworks(report)),
    onReport: ({ name }: Host) => returning.reported(name),
  };
  const urls = { identity: '', compute: '', network: '', image: '' };
  const ready = readiness({ reserve, db, clock });
  const quotas = new ProjectQuotas(config.quotas);
  const portEvents = new PortEvents();
  const own = { db, clock, state, urls, hostNetworks, quotas, portEvents, tls, log, stops };
  const cloud = await cloudServices(config, { ...own, onDisk: () => store.onDisk() });
  const { services } = cloud;
  const hosts = await inProcessHosts(config, state, { images: services.image, log, stops });
  for (const host of hosts) hostNetworks.set(host.host, networksOf(host));
  const localHosts = new Set(hosts.map(({ host }) => host));
  const links = new HostLinks({ clock, monotonic, localHosts, hostTimeoutMs: config.hostDownMs });
  await assumeSent(store, links);
  const hostLifeMs = config.hostCertificateMs;
  const context: WorkflowContext = {
    store,
    network: services.network,
    images: services.image,
    wakeup: inProcessWakeup(),
    clock,
    newId: randomUUID,
    log,
    configuredQuotas: quotas.configuredFor,
    direct: new DirectTasks(),
    fleet: new FleetView(),
    links,
    authority: clusterAuthority({ store: store.authority, clock, hostLifeMs }),
    settings: workflowSettings(config),
  };
  portEvents.connect(context);
  const lastSeen = keepLastSeen(context);
  stops.push(() => lastSeen.stop());
  const running = runningHosts(context, hosts, { log, listener });
  stops.push(() => running.close());
  const started = hosts.filter(({ startsDown }) => startsDown !== true);
  await running.startAll(started.map(({ host }) => host));
  dispatchWhenBack(context, returning, { stops, ready });
  const pruning = watchEnded(context, config.kept);
  stops.push(() => pruning.stop());
  const parts = { context, cloud, urls, tls, policy, log, stops };
  const doors = { ...parts, ready, reserve, listener };
  Object.assign(urls, await openDoors(config, doors));
  const cloudsYaml = cloud.writeCloudsYaml();
  const { survey, newPassword } = cloud;
  return {
    urls,
    cloudsYaml,
    contents: await contentsOf(store, hosts, cloud),
    hosts: running,
    ...(survey && { survey }),
    ...(newPassword !== undefined && { newPassword }),
  };
}

/** The hosts whose agents run in this process: simulated ones, or this machine. */
async function inProcessHosts(
  config: Config,
  state: StateDirectory,
  { images: contents, log, stops }: { images: ImageContents; log: Logger; stops: Stops },
): Promise<HostParts[]> {
  const images = inProcessImageSource(contents);
  if (!config.libvirt) {
    return simulatedHosts(config.simulated, { folder: state.file('hosts'), images });
  }
  const parts = await realHostParts(config.host, {
    stateDir: state.file('hosts', config.host.name),
    images,
    log,
  });
  stops.push(() => parts.hypervisor.close());
  return [parts];
}

/**
 * The hosts in the database when this process starts. None has reported to it yet. A host that ran
 * in the previous process counts as down until it reports: this configuration may no longer have
 * it. A remote host was not silent, because this process was down: it gets time to dial in.
 */
async function hostsOfBefore(
  store: Store,
  known: readonly Host[],
  stops: Stops,
): Promise<ReturningHosts> {
  const enrolments = await store.enrolments.list();
  const mayConnect = new Set(
    enrolments.filter(({ revokedAt }) => revokedAt === null).map(({ host }) => host),
  );
  await store.hosts.unseenAllBut([...mayConnect]);
  const returning = new ReturningHosts(
    known.map(({ name }) => name).filter((name) => mayConnect.has(name)),
  );
  stops.push(() => returning.stop());
  return returning;
}

/** What waits for its host may have reached it before this start. */
async function assumeSent(store: Store, links: HostLinks): Promise<void> {
  for (const [hostId, seq] of await store.commands.newestPending()) links.markSent(hostId, seq);
}

/** Earlier tasks must not treat hosts as absent that are still reconnecting. */
function dispatchWhenBack(
  context: WorkflowContext,
  returning: ReturningHosts,
  { stops, ready }: { stops: Stops; ready: Readiness },
): void {
  let isStopped = false;
  const dispatching = returning.settled.then(() => {
    if (isStopped) return undefined;
    const dispatcher = startDispatcher(context, {
      owner: `up-${process.pid}`,
      workflows,
      concurrency: 32,
      leaseMs: 60_000,
      pollMs,
    });
    ready.dispatching(true);
    const ports = watchPorts(context, { pollMs, mayHaveMissed: true });
    return [ports, watchSilentHosts(context), watchLeftGuests(context), dispatcher];
  });
  stops.push(async () => {
    isStopped = true;
    ready.dispatching(false);
    returning.stop();
    for (const work of (await dispatching) ?? []) await work.stop();
  });
}

/** The picture of the fleet and its changes, the page that shows it, and this process. */
function pictureOf(context: WorkflowContext, log: Logger) {
  const fabric = new FabricView(context);
  const program = { version, startedAt: clock.now() };
  return { fabric, program, pageFolder, events: new FleetEvents({ fabric, log }) };
}

/** Of the port for hosts, which opens after the API. */
function linksOf(
  hosts: () => HostAdmission | undefined,
): Pick<ApiContext, 'linkedHosts' | 'renewCertificate'> {
  return {
    linkedHosts: () => hosts()?.linked() ?? [],
    renewCertificate: (host) => hosts()?.renewCertificate(host) ?? false,
  };
}

/**
 * Listens with the compute API, for hosts too, and with our own services, and returns the URLs of
 * all.
 */
async function openDoors(
  config: Config,
  parts: Beginnings & {
    context: WorkflowContext;
    cloud: CloudServices;
    urls: AllInOne['urls'];
    ready: Readiness;
    reserve: DiskReserve;
    listener: ReportListener;
  },
): Promise<AllInOne['urls']> {
  const { context, cloud, urls, tls, policy, log, stops, ready, reserve, listener } = parts;
  const publicUrl = config.publicUrls.compute;
  const workflows = serverOperations(context);
  const imageContents = cloud.services.image;
  const admission = Promise.withResolvers<HostAdmission>();
  let hosts: HostAdmission | undefined;
  const compute = createComputeApi({
    ...context,
    log,
    ...pictureOf(context, log),
    identity: cloud.services.identity,
    policy: policy.current,
    identityUrl: () => urls.identity,
    imageUrl: () => urls.image,
    ...(publicUrl !== undefined && { publicUrl }),
    ...(tls !== undefined && { tls }),
    imageContents,
    ...linksOf(() => hosts),
    hostsUrl: async () => (await admission.promise).url(),
    serversPerRequest: config.quotas.serversPerRequest,
    consoles: config.consoles,
    disks: () => diskRooms({ state: config.stateDir, images: join(config.stateDir, 'images') }),
    workflows,
  });
  const listenFor = (app: FastifyInstance, name: keyof Config['ports']): Promise<number> => {
    mountHealth(app, ready.check);
    refuseWithoutRoom(app, reserve);
    return listen(app, name, config.listen, config.ports[name]);
  };
  const open = async (app: FastifyInstance, name: ServiceName): Promise<string> => {
    stops.push(() => app.close());
    const port = await listenFor(app, name);
    const scheme = tls === undefined ? 'http' : 'https';
    return config.publicUrls[name] ?? `${scheme}://${reachable(config.listen)}:${port}`;
  };
  const opened = {
    ...(await cloud.open(open)),
    compute: `${await open(compute, 'compute')}/v2.1`,
  };
  const { server } = compute;
  hosts = await admitHosts(context, {
    server,
    listener,
    log,
    imageContents,
    workflows,
    publicUrl: config.publicUrls.hosts,
    open: async (app) => {
      const port = await listenFor(app, 'hosts');
      return config.publicUrls.hosts ?? `https://${reachableByHosts(config.listen)}:${port}`;
    },
  });
  admission.resolve(hosts);
  const { allowedOrigins } = config.consoles;
  const consoles = serveConsoles(context, { server, allowedOrigins, log });
  stops.push(() => consoles.close());
  // Before the compute API itself: it does not end while hosts are linked.
  stops.push(() => hosts?.close());
  return opened;
}

type ServiceName = keyof AllInOne['urls'];

/** The address in a URL; a wildcard is reached on this machine. Example: `::1` → `[::1]`. */
function reachable(listen: string): string {
  if (listen === '0.0.0.0' || listen === '::') return '127.0.0.1';
  return listen.includes(':') ? `[${listen}]` : listen;
}

/** As `reachable`, from another machine where that is possible. Example: `192.0.2.10`. */
function reachableByHosts(listen: string): string {
  return listen === '0.0.0.0' || listen === '::' ? thisMachine().ip : reachable(listen);
}

/**
 * `novella up`: the entire cloud in one process. It reads top to bottom in the order of the start.
 */
import { randomUUID } from 'node:crypto';
import { type Logger, pino } from 'pino';
import type { Clock } from '#contracts/clock.ts';
import type { ImageContents } from '#contracts/services/images.ts';
import type { Host, Store } from '#contracts/store/store.ts';
import { clusterAuthority } from '#integrations/cluster-authority/cluster-authority.ts';
import { inProcessImageSource } from '#integrations/image-source/in-process.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { DirectTasks } from '#workflows/engine/direct-tasks.ts';
import { FleetView } from '#workflows/hosts/fleet-view.ts';
import { HostLinks } from '#workflows/hosts/host-links.ts';
import { keepLastSeen } from '#workflows/watch/keep-last-seen.ts';
import { watchEnded } from '#workflows/watch/prune-ended.ts';
import { type Contents, contentsOf } from './cloud-contents.ts';
import { cloudServices } from './cloud-services.ts';
import type { Config } from '../config/config.ts';
import { readTls } from '../config/doors-config.ts';
import { diskRooms } from '../state/disks.ts';
import { vacuumFigures } from '#integrations/database/postgres/vacuum-figures.ts';
import { inProcessWakeup } from '#integrations/wakeup/in-process.ts';
import { type HostParts, networksOf, reportedNetworks } from '../config/host-parts.ts';
import { realHostParts } from '../hosts/real-host.ts';
import { openState } from '../state/open-state.ts';
import { Metrics } from '../metrics/metrics.ts';
import { policyInForce } from '../policy/policy-in-force.ts';
import { type Beginnings, openDoors, type Urls } from './open-doors.ts';
import { PortEvents } from './port-events.ts';
import { ProjectQuotas } from '../config/project-quotas.ts';
import { type Readiness, readiness } from './readiness.ts';
import type { Found } from './real-services.ts';
import { ReturningHosts } from '../hosts/returning-hosts.ts';
import { type LocalHosts, runningHosts } from '../hosts/running-hosts.ts';
import { simulatedHosts } from '../hosts/simulated-agents.ts';
import { ensureFlavors } from './starting-flavors.ts';
import { startWork } from './start-work.ts';
import { type Stops, stopAll } from './stop-all.ts';
import { type StateDirectory, takeStateDirectory } from '../state/state-directory.ts';
import { linkSettings, workflowSettings } from '../config/workflow-settings.ts';
import type { ReportListener } from '#workflows/watch/serve-agent.ts';

export interface AllInOne {
  urls: Urls;
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

const clock: Clock = { now: Date.now };
const monotonic: Clock = { now: () => performance.now() };

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
  const metrics = config.metrics && new Metrics();
  const stop = () => stopAll(stops);
  try {
    const state = takeStateDirectory(config.stateDir, { entered: config.libvirt });
    stops.push(() => state.release());
    return { ...(await start(config, state, { tls, policy, log, stops, metrics })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  config: Config,
  state: StateDirectory,
  { tls, policy, log, stops, metrics }: Beginnings,
): Promise<Omit<AllInOne, 'stop'>> {
  const { store: plain, db, reserve } = await openState(state, config, { clock, log, stops });
  const store = metrics?.watchStore(plain) ?? plain;
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
  const links = new HostLinks({ clock, monotonic, localHosts, ...linkSettings(config) });
  await assumeSent(store, links);
  const hostLifeMs = config.hostCertificateMs;
  const context: WorkflowContext = {
    store,
    network: metrics?.watchCalls(services.network, 'network') ?? services.network,
    images: metrics?.watchCalls(services.image, 'image') ?? services.image,
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
  const parts = { context, cloud, urls, tls, policy, log, stops, metrics };
  const disks = () => diskRooms({ state: state.path, images: state.file('images') });
  const doors = { ...parts, ready, reserve, disks, vacuum: () => vacuumFigures(db), listener };
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
    const folder = state.file('hosts');
    return simulatedHosts(config.simulated, { folder, imagesOf: () => images });
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
    const work = startWork(context, { owner: `up-${process.pid}` });
    ready.dispatching(true);
    return work;
  });
  stops.push(async () => {
    isStopped = true;
    ready.dispatching(false);
    returning.stop();
    await (await dispatching)?.stop();
  });
}

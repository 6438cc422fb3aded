/**
 * `novella controller`: API, scheduler and dispatcher of a cloud, any number of them over one
 * database, each with the same configuration. It keeps nothing of its own.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Clock } from '#contracts/clock.ts';
import type { Controller } from '#contracts/store/controllers/controller-store.ts';
import type { Store } from '#contracts/store/store.ts';
import type { Wakeup } from '#contracts/wakeup.ts';
import { ComputeError } from '#core/errors.ts';
import { clusterAuthority } from '#integrations/cluster-authority/cluster-authority.ts';
import { vacuumFigures } from '#integrations/database/postgres/vacuum-figures.ts';
import { inProcessWakeup } from '#integrations/wakeup/in-process.ts';
import { PostgresWakeup } from '#integrations/wakeup/over-postgres.ts';
import { ClusterLinks } from '#workflows/cluster/cluster-links.ts';
import { Membership } from '#workflows/cluster/membership.ts';
import { refuseNamesake } from '#workflows/cluster/namesake.ts';
import { requestsElsewhere, takeRequests } from '#workflows/cluster/requests-elsewhere.ts';
import { watchCluster } from '#workflows/cluster/watch-cluster.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { DirectTasks } from '#workflows/engine/direct-tasks.ts';
import { FleetView } from '#workflows/hosts/fleet-view.ts';
import { HostLinks } from '#workflows/hosts/host-links.ts';
import { watchEnded } from '#workflows/watch/prune-ended.ts';
import type { Config } from '../config/config.ts';
import { readTls } from '../config/doors-config.ts';
import { ProjectQuotas } from '../config/project-quotas.ts';
import { linkSettings, workflowSettings } from '../config/workflow-settings.ts';
import { Metrics } from '../metrics/metrics.ts';
import { policyInForce } from '../policy/policy-in-force.ts';
import { version } from '../version.ts';
import { realCloud } from '../up/cloud-services.ts';
import { type Beginnings, openDoors, type Urls } from '../up/open-doors.ts';
import { readiness } from '../up/readiness.ts';
import type { Found } from '../up/real-services.ts';
import { ensureFlavors } from '../up/starting-flavors.ts';
import { startWork } from '../up/start-work.ts';
import { stopAll } from '../up/stop-all.ts';
import { openSharedDatabase } from './shared-database.ts';

export interface ControllerOptions {
  /** The same at each start, and of no other controller; default: by machine and port. */
  name?: string | undefined;
  /** It has lost its work or its database to another process, and must end at once. */
  onLost: (problem: string) => void;
}

export interface RunningController {
  urls: Urls;
  /** Of the external services. */
  survey: Found;
  /** Ends its links and requests, completes its running steps, and leaves other work to others. */
  stop(): Promise<void>;
}

const clock: Clock = { now: Date.now };
const monotonic: Clock = { now: () => performance.now() };

/** Throws ComputeError naming the error, with nothing left running. */
export async function startController(
  config: Config,
  options: ControllerOptions,
  log: Logger,
): Promise<RunningController> {
  const places = placesOf(config);
  const beginnings: Beginnings = {
    tls: readTls(config),
    policy: policyInForce(config.policyFile, log),
    log,
    stops: [],
    metrics: config.metrics && new Metrics(),
  };
  const { stops, policy } = beginnings;
  stops.push(() => policy.stop());
  try {
    const started = await start(config, { ...options, ...places }, beginnings);
    return { ...started, stop: () => stopAll(stops) };
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

interface Places {
  database: string;
  openstack: NonNullable<Config['openstack']>;
}

function placesOf({ database, openstack }: Config): Places {
  if (database === undefined) {
    const rule = 'a controller needs a database on PostgreSQL, which all controllers share';
    throw new ComputeError('invalid', `database: ${rule}`);
  }
  if (openstack === undefined) {
    const rule =
      'a controller needs the identity, network and image service of an OpenStack, or of a "novella up"';
    throw new ComputeError('invalid', `openstack: ${rule}`);
  }
  return { database, openstack };
}

async function start(
  config: Config,
  { name, onLost, database, openstack }: ControllerOptions & Places,
  beginnings: Beginnings,
): Promise<Omit<RunningController, 'stop'>> {
  const { log, stops, metrics } = beginnings;
  const id = randomUUID();
  const { allowAsynchronousStandbys } = config;
  const options = { clock, controllerId: id, allowAsynchronousStandbys };
  const taken = { log, stops, onLost };
  const { store: plain, db } = await openSharedDatabase(database, options, taken);
  const store = metrics?.watchStore(plain) ?? plain;
  stops.push(() => store.close());
  await ensureFlavors(store);
  const quotas = new ProjectQuotas(config.quotas);
  const onDisk = (): Promise<void> => store.onDisk();
  const cloud = await realCloud(openstack, { clock, log, onDisk, quotas, stops });
  const wakeup = new PostgresWakeup({ url: database, local: inProcessWakeup(), id, log });
  stops.push(() => wakeup.close());
  const self = { id, name: name ?? usualName(config), version, startedAt: clock.now() };
  const { peers, shared } = await joinCluster({ store, self, wakeup, log, onLost, stops });
  const hostsPort: { url?: string } = {};
  const ownUrl = (): string | undefined => hostsPort.url;
  const elsewhere = requestsElsewhere({ post: wakeup, shared, store, ownUrl });
  const links = new HostLinks({ clock, monotonic, shared, elsewhere, ...linkSettings(config) });
  takeRequests(wakeup, links);
  const { network, image } = cloud.services;
  const hostLifeMs = config.hostCertificateMs;
  const context: WorkflowContext = {
    store,
    network: metrics?.watchCalls(network, 'network') ?? network,
    images: metrics?.watchCalls(image, 'image') ?? image,
    wakeup,
    clock,
    newId: randomUUID,
    log,
    configuredQuotas: quotas.configuredFor,
    direct: new DirectTasks(),
    fleet: new FleetView(),
    links,
    authority: clusterAuthority({ store: store.authority, clock, hostLifeMs }),
    settings: workflowSettings(config),
    peers,
  };
  const work = startWork(context, { owner: id });
  const following = [watchCluster(context, shared), watchEnded(context, config.kept), work];
  stops.push(...following.map((one) => () => one.stop()));
  const ready = readiness({ db, clock, isFenced: () => peers.isFenced() });
  ready.dispatching(true);
  const urls: Urls = { identity: '', compute: '', network: '', image: '' };
  const listener = { onReceived: () => undefined, onReport: () => undefined };
  const onHostsPort = (url: string): void => {
    hostsPort.url = url;
  };
  const parts = {
    context,
    cloud,
    urls,
    ready,
    disks: async () => [],
    vacuum: () => vacuumFigures(db),
  };
  const doors = { ...beginnings, ...parts, listener };
  Object.assign(urls, await openDoors(config, { ...doors, onHostsPort }));
  stops.push(() => ready.dispatching(false));
  return { urls, survey: cloud.survey };
}

/** Adds this controller to those of the database, and reads the links of hosts to all of them. */
async function joinCluster({
  store,
  self,
  wakeup,
  log,
  onLost,
  stops,
}: Pick<Beginnings, 'log' | 'stops'> &
  Pick<ControllerOptions, 'onLost'> & {
    store: Store;
    self: Omit<Controller, 'beats'>;
    wakeup: Wakeup;
  }): Promise<{ peers: Membership; shared: ClusterLinks }> {
  const { controllers, hostLinks } = store;
  const wakeAll = (): void => {
    wakeup.notify('tasks');
    wakeup.notify('host-links');
  };
  const peers: Membership = new Membership({
    controllers,
    self,
    monotonic,
    log,
    onRemoved: () => onLost('other controllers have the work of this one: it paused for too long'),
    onChange: () => {
      shared.membersChanged();
      wakeAll();
    },
  });
  const onWritten = (): void => wakeup.notify('host-links');
  const shared = new ClusterLinks({
    hostLinks,
    membership: peers,
    clock,
    monotonic,
    log,
    onWritten,
  });
  await refuseNamesake(controllers, self.name);
  await peers.join();
  stops.push(async () => {
    await peers.leave();
    wakeAll();
  });
  await shared.refresh();
  return { peers, shared };
}

/** The same at each start on this machine, where its port is. */
function usualName({ ports }: Config): string {
  return `${hostname()}:${ports.compute === 0 ? `process-${process.pid}` : ports.compute}`;
}

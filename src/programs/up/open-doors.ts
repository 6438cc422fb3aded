/** What a cloud listens on: the compute API, for hosts too, and our own services. */
import { randomInt } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createComputeApi } from '#api/compute-api.ts';
import { FleetEvents } from '#api/fabric/fleet-events.ts';
import type { ApiContext, DiskRoom } from '#api/requests/context.ts';
import { mostAtOnce } from '#embedded/network/create-many.ts';
import { limitCreations } from '#http/creation-limit.ts';
import { refuseWithoutRoom } from '#http/full-disk.ts';
import { mountHealth } from '#http/health.ts';
import { listen } from '#http/listen.ts';
import { RateLimit } from '#runtime/timing/rate-limit.ts';
import type { VacuumFigures } from '#integrations/database/postgres/vacuum-figures.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { FabricView } from '#workflows/hosts/fabric-view.ts';
import { serverOperations } from '#workflows/server-operations.ts';
import type { ReportListener } from '#workflows/watch/serve-agent.ts';
import type { Config } from '../config/config.ts';
import { creationsOf } from '../config/quota-config.ts';
import type { TlsFiles } from '../config/doors-config.ts';
import { thisMachine } from '../config/this-machine.ts';
import { admitHosts, type HostAdmission } from '../hosts/admit-hosts.ts';
import { serveConsoles } from '../hosts/serve-consoles.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { openMetrics } from '../metrics/serve-metrics.ts';
import type { PolicyInForce } from '../policy/policy-in-force.ts';
import type { DiskReserve } from '../state/disk-reserve.ts';
import { version } from '../version.ts';
import type { CloudServices } from './cloud-services.ts';
import { pageFolder } from './page-place.ts';
import type { Readiness } from './readiness.ts';
import type { Stops } from './stop-all.ts';
import { type ShownSetting, shownSettings } from '../shown-settings/shown-settings.ts';

export interface Urls {
  identity: string;
  compute: string;
  network: string;
  image: string;
  /** Where Prometheus reads the metrics, where that is configured. */
  metrics?: string;
}

/** What a start has before there is any state. */
export interface Beginnings {
  tls: TlsFiles | undefined;
  policy: PolicyInForce;
  log: Logger;
  stops: Stops;
  /** Undefined: nothing is measured. */
  metrics: Metrics | undefined;
}

export interface Doors extends Beginnings {
  context: WorkflowContext;
  cloud: Pick<CloudServices, 'services' | 'open'>;
  /** Read at each use: set once every service listens. */
  urls: Urls;
  ready: Readiness;
  /** Room that must work on a full disk; absent: this process keeps nothing on a disk. */
  reserve?: DiskReserve;
  disks: () => Promise<DiskRoom[]>;
  /** Of a database on PostgreSQL. */
  vacuum: () => Promise<VacuumFigures | undefined>;
  listener: ReportListener;
  /** The port for hosts is open, at this address of this process. */
  onHostsPort?: (url: string) => void;
}

const mostChanges = 2 ** 47;

/** The picture of the fleet and its changes, the page that shows it, and this process. */
function pictureOf(context: WorkflowContext, log: Logger, settings: ShownSetting[]) {
  // Of another controller's numbers none is this one's: its readers get a reset.
  const before = context.peers === undefined ? {} : { before: randomInt(mostChanges) };
  const fabric = new FabricView({ ...context, ...before });
  const program = { version, startedAt: context.clock.now(), settings };
  return { fabric, program, pageFolder, events: new FleetEvents({ fabric, log }) };
}

/** Of the port for hosts, which opens after the API. */
function linksOf(
  { wakeup, links, fleet }: WorkflowContext,
  hosts: () => HostAdmission | undefined,
): Pick<ApiContext, 'linkedHosts' | 'renewCertificate'> {
  return {
    linkedHosts: () => hosts()?.linked() ?? [],
    renewCertificate(host) {
      if (hosts()?.renewCertificate(host) === true) return true;
      const isElsewhere = links.shared?.isLinkedElsewhere(fleet.row(host)?.id ?? '') === true;
      if (isElsewhere) wakeup.notify(`renew:${host}`);
      return isElsewhere;
    },
  };
}

/**
 * Listens with the compute API, for hosts too, and with our own services, and returns the URLs of
 * all.
 */
export async function openDoors(config: Config, doors: Doors): Promise<Urls> {
  const { context, cloud, urls, tls, policy, log, stops, ready, reserve, disks, listener } = doors;
  const publicUrl = config.publicUrls.compute;
  const workflows = serverOperations(context);
  const imageContents = cloud.services.image;
  const admission = Promise.withResolvers<HostAdmission>();
  let hosts: HostAdmission | undefined;
  const compute = createComputeApi({
    ...context,
    log,
    ...pictureOf(context, log, shownSettings(config)),
    identity: cloud.services.identity,
    policy: policy.current,
    identityUrl: () => urls.identity,
    imageUrl: () => urls.image,
    ...(publicUrl !== undefined && { publicUrl }),
    ...(tls !== undefined && { tls }),
    imageContents,
    ...linksOf(context, () => hosts),
    hostsUrl: async () => (await admission.promise).url(),
    serversPerRequest: config.quotas.serversPerRequest,
    consoles: config.consoles,
    disks,
    workflows,
  });
  const limit = new RateLimit(() => performance.now());
  const most = Math.max(config.quotas.serversPerRequest, mostAtOnce);
  const listenFor = (app: FastifyInstance, name: keyof Config['ports']): Promise<number> => {
    mountHealth(app, ready.check);
    if (reserve !== undefined) refuseWithoutRoom(app, reserve);
    limitCreations(app, { limit, perMinute: (of) => creationsOf(config.creationRates, of), most });
    doors.metrics?.watchRequests(app, name);
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
    ...(await openMetrics(config, doors)),
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
      const url = `https://${reachableByHosts(config.listen)}:${port}`;
      doors.onHostsPort?.(url);
      return config.publicUrls.hosts ?? url;
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

type ServiceName = Exclude<keyof Urls, 'metrics'>;

/** The address in a URL; a wildcard is reached on this machine. Example: `::1` → `[::1]`. */
function reachable(listen: string): string {
  if (listen === '0.0.0.0' || listen === '::') return '127.0.0.1';
  return listen.includes(':') ? `[${listen}]` : listen;
}

/** As `reachable`, from another machine where that is possible. Example: `192.0.2.10`. */
function reachableByHosts(listen: string): string {
  return listen === '0.0.0.0' || listen === '::' ? thisMachine().ip : reachable(listen);
}

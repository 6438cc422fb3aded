/**
 * `novella.yaml`: read, checked, and with its defaults. Errors name file, place and rule before
 * anything starts.
 */
import { dirname, resolve } from 'node:path';
import { type TSchema, Type } from 'typebox';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { ComputeError } from '#core/errors.ts';
import { hostCertificateDays } from '#core/host-identity/validity.ts';
import type { CardPreference } from '#core/pci/claims/card-preference.ts';
import {
  standardWeights,
  type WeigherName,
  weigherNames,
  type Weights,
} from '#core/scheduling/weights.ts';
import type { DescribedDevice } from '#integrations/simulated/machine/described-devices.ts';
import type { CpuLayout } from '#integrations/simulated/simulated-host.ts';
import type { KeptTimes } from '#workflows/watch/prune-ended.ts';
import { checkedBy, type ConfigEntry, entries, parseYaml, type Place } from './config-file.ts';
import { key } from './described-key.ts';
import {
  ConsoleSection,
  MetricsSection,
  type DoorsConfig,
  PortsSection,
  PublicUrlSection,
  type ServicePorts,
  standardPorts,
  TlsSection,
  toDoorsConfig,
} from './doors-config.ts';
import {
  Fleet,
  HostSection,
  PciSection,
  RatioSection,
  type RealHostConfig,
  standardRatios,
  toHostConfig,
  SimulatedHost,
} from './host-config.ts';
import { logFormats, logLevels, type LogOptions, standardLog } from '../terminal/log-choices.ts';
import { type OpenStackConfig, OpenStackSection, toOpenStackConfig } from './openstack-config.ts';
import {
  type CreationRates,
  type QuotaConfig,
  QuotaSection,
  RateSection,
  toCreationRates,
  toQuotaConfig,
} from './quota-config.ts';
import { readTextFile } from './text-file.ts';

export type { ConfigEntry, ServicePorts };
export { freePorts } from './doors-config.ts';

/** Up to a week. */
const Seconds = Type.Integer({ minimum: 1, maximum: 604_800 });
/** Up to ten years. */
const Days = Type.Integer({ minimum: 0, maximum: 3_650 });
const standardKept = { history: 30 };
const dayMs = 86_400_000;

const LogSection = Type.Object(
  {
    level: key(Type.Enum([...logLevels]), 'lowest level logged; info includes each request', {
      default: standardLog.level,
    }),
    format: key(Type.Enum([...logFormats]), 'auto: text at a terminal, JSON elsewhere', {
      default: standardLog.format,
    }),
  },
  { additionalProperties: false },
);

const database = key(
  Type.String({ pattern: '^postgres(ql)?:' }),
  'database on a PostgreSQL server: see [running.md](running.md#a-database-on-postgresql)',
  { unset: '`novella.sqlite` in `state_dir`' },
);

const asynchronousStandbys = key(
  Type.Boolean(),
  'a failover may lose commits: see [running.md](running.md#a-database-on-postgresql)',
  { default: false },
);

const Scheduler = Type.Object(
  {
    resize_to_same_host: key(
      Type.Boolean(),
      'whether a resized server may stay on its host, where no other host can take it',
      { default: true },
    ),
    weights: Type.Optional(
      Type.Object(
        Object.fromEntries(
          weigherNames.map((name) => [
            name,
            key(Type.Number(), `factor of the weigher ${name}; 0 turns it off`, {
              default: standardWeights[name],
            }),
          ]),
        ) as Record<WeigherName, Type.TOptional<Type.TNumber>>,
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/**
 * The file, with one of the two ways to describe simulated hosts: one schema each, so that an error
 * refers to the chosen one.
 */
const fileWith = <Simulated extends TSchema>(simulated: Simulated) =>
  Type.Object(
    {
      state_dir: key(Type.String({ minLength: 1 }), 'folder of all state', {
        default: '.novella',
      }),
      database,
      allow_asynchronous_standbys: asynchronousStandbys,
      listen: key(Type.String({ minLength: 1 }), 'address that all services listen on', {
        default: '127.0.0.1',
      }),
      tls: Type.Optional(TlsSection),
      public_url: Type.Optional(PublicUrlSection),
      consoles: Type.Optional(ConsoleSection),
      metrics: Type.Optional(MetricsSection),
      allow_clear_text: key(
        Type.Boolean(),
        'lets services without TLS listen on non-loopback addresses',
        { default: false },
      ),
      ports: Type.Optional(PortsSection),
      pci: Type.Optional(PciSection),
      allocation_ratio: Type.Optional(RatioSection),
      quotas: Type.Optional(QuotaSection),
      rate_limits: Type.Optional(RateSection),
      keep_free: key(
        Type.Integer({ minimum: 0, maximum: 1_073_741_824 }),
        'space on the disk of `state_dir` that image uploads leave free; 0: none',
        { unit: 'MiB', unset: 'a sixteenth of the disk, at most 256' },
      ),
      keep_history: key(
        Days,
        'how long the actions, decisions and commands of a deleted server are kept, for ' +
          '`novella explain` and `openstack server event list`',
        { unit: 'days', default: standardKept.history },
      ),
      keep_deleted_servers: key(
        Days,
        'how long administrators see a deleted server; then its row is deleted, with its history',
        { unit: 'days', unset: 'for ever' },
      ),
      host_down_after: key(
        Seconds,
        "a host without a link for this long is down and gets no server; Nova's `service_down_time`",
        { unit: 's', default: 60 },
      ),
      host_lost_after: key(
        Seconds,
        'after this long without a link, work that waits for the host fails: see ' +
          '[agents.md](agents.md#when-a-host-dies)',
        { unit: 's', default: 600 },
      ),
      host_certificate_days: key(
        Type.Integer({ minimum: 1, maximum: 3_650 }),
        'how long the certificate of a host is valid; its agent renews it at two thirds',
        { unit: 'days', default: hostCertificateDays },
      ),
      policy_file: key(
        Type.String({ minLength: 1 }),
        'rules of the compute API, in the form of oslo.policy: see [policy.md](policy.md)',
        { unset: '`policy.yaml` in the folder of this file, if there is one' },
      ),
      scheduler: Type.Optional(Scheduler),
      log: Type.Optional(LogSection),
      host: Type.Optional(HostSection),
      openstack: Type.Optional(OpenStackSection),
      simulated: Type.Optional(simulated),
    },
    { additionalProperties: false },
  );

export const FleetFile = fileWith(Fleet);
export const HostsFile = fileWith(
  Type.Object({ hosts: Type.Array(SimulatedHost) }, { additionalProperties: false }),
);

/** A simulated host with the captured igb machine. */
export interface CapturedHostConfig {
  name: string;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  deviceSpec: ConfigEntry[];
  sharedStorage?: string;
}

/**
 * A simulated host in the short form of recorded scenarios. Not available in files: only to code
 * that starts the cloud in its own process.
 */
export interface DescribedHostConfig {
  name: string;
  deviceSpec: ConfigEntry[];
  devices: DescribedDevice[];
  cpu?: CpuLayout;
  /** Processors for pinned guests only. Nova's `cpu_dedicated_set`. */
  dedicatedCpus?: number[];
  /** Physical networks that its normal ports reach. Nova's and Neutron's `bridge_mappings`. */
  bridgeMappings: string[];
  /** The storage with the files of its guests; absent: its own. */
  sharedStorage?: string;
  /** Is not started with the cloud. */
  startsDown?: boolean;
}

/** One that the configuration does not name may be absent. */
export interface PolicyFile {
  path: string;
  isNamed: boolean;
}

export interface Config extends DoorsConfig {
  stateDir: string;
  /** The URL of a database of PostgreSQL; undefined: it is in the state directory. */
  database: string | undefined;
  allowAsynchronousStandbys: boolean;
  listen: string;
  ports: ServicePorts;
  aliases: ConfigEntry[];
  /** `pci.card_preference`. */
  cardPreference: CardPreference | undefined;
  /** For every host without its own list; undefined: not in the file. */
  deviceSpec: ConfigEntry[] | undefined;
  /** `scheduler.resize_to_same_host`. */
  resizesWithinHost: boolean;
  /** The overcommit ratios of a host. Example: 4 virtual processors for each of the host. */
  allocationRatios: { vcpus: number; memory: number; disk: number };
  quotas: QuotaConfig;
  creationRates: CreationRates;
  /**
   * `keep_free`: of the disk of the state directory; an upload that would leave less is refused.
   * undefined: not in the file.
   */
  keepFreeBytes: number | undefined;
  /** `keep_history` and `keep_deleted_servers`: counted from a server's deletion. */
  kept: KeptTimes;
  /**
   * A host that is silent for longer is down: no server is placed there. Nova's
   * `service_down_time`.
   */
  hostDownMs: number;
  /** What waits for a host that is silent for longer fails. */
  hostLostMs: number;
  hostCertificateMs: number;
  /** `scheduler.weights`: the weight of each weigher in the choice of a host. */
  weights: Weights;
  /** `policy_file`; undefined: there is no configuration file to look beside. */
  policyFile: PolicyFile | undefined;
  /** `log`. */
  log: LogOptions;
  /** The services to use; undefined: embedded ones. */
  openstack: OpenStackConfig | undefined;
  /** This machine, where it is a host itself. */
  host: RealHostConfig;
  /** Whether it is. Then it is the only host in this process, and simulated ones are ignored. */
  libvirt: boolean;
  simulated:
    | { kind: 'captured'; hosts: CapturedHostConfig[] }
    | { kind: 'fleet'; hosts: number; pfs: number; vfs: number }
    | { kind: 'described'; hosts: DescribedHostConfig[] };
}

/** The default devices of simulated hosts: both cards of the captured machine. */
export const builtInSpec: ConfigEntry[] = [1, 2].map((card) => ({
  text: `{"devname": "enp${card}s0", "physical_network": "physnet${card}"}`,
  source: 'built-in default',
}));

const nowhere: Surroundings = { variables: {}, workingFolder: '/nowhere', home: '/nowhere' };

type FileShape = Type.Static<typeof FleetFile> | Type.Static<typeof HostsFile>;

/**
 * The configuration in this file, or the defaults when none is given: two simulated hosts, state
 * below `./.novella`. `surroundings`: where its section `openstack` may find a cloud; absent:
 * nowhere. Throws `invalid` naming file, line, key and rule.
 */
export function readConfig(path?: string, surroundings?: Surroundings): Config {
  if (path === undefined) {
    return toConfig({}, { place: () => 'built-in default', surroundings: nowhere });
  }
  return parseConfig(readTextFile(path), path, surroundings);
}

/** As `readConfig`, of a text; `path` names it in messages. */
export function parseConfig(text: string, path: string, surroundings = nowhere): Config {
  const { content, place } = parseYaml(text, path);
  const checked = isFleet(content)
    ? checkedBy(FleetFile, content, place)
    : checkedBy(HostsFile, content, place);
  return toConfig(checked, { place, surroundings, path });
}

/** A number of hosts means a fleet; anything else is read as a list of hosts. */
function isFleet(content: unknown): boolean {
  const simulated = (content as { simulated?: { hosts?: unknown } } | null)?.simulated;
  return typeof simulated?.hosts === 'number';
}

function toConfig(
  file: FileShape,
  { place, surroundings, path }: { place: Place; surroundings: Surroundings; path?: string },
): Config {
  const listed = file.pci?.device_spec;
  const deviceSpec = listed && entries(listed, ['pci', 'device_spec'], place);
  return {
    stateDir: resolve(file.state_dir ?? '.novella'),
    database: file.database,
    allowAsynchronousStandbys: file.allow_asynchronous_standbys ?? false,
    listen: file.listen ?? '127.0.0.1',
    ...toDoorsConfig(file, place),
    ports: { ...standardPorts, ...file.ports },
    aliases: entries(file.pci?.alias ?? [], ['pci', 'alias'], place),
    cardPreference: file.pci?.card_preference,
    deviceSpec,
    allocationRatios: { ...standardRatios, ...file.allocation_ratio },
    quotas: toQuotaConfig(file.quotas, { ownIdentity: file.openstack === undefined }),
    creationRates: toCreationRates(file.rate_limits),
    keepFreeBytes: file.keep_free === undefined ? undefined : file.keep_free * 1024 ** 2,
    kept: {
      historyMs: (file.keep_history ?? standardKept.history) * dayMs,
      serversMs:
        file.keep_deleted_servers === undefined ? undefined : file.keep_deleted_servers * dayMs,
    },
    hostDownMs: (file.host_down_after ?? 60) * 1_000,
    hostLostMs: (file.host_lost_after ?? 600) * 1_000,
    hostCertificateMs: (file.host_certificate_days ?? hostCertificateDays) * dayMs,
    weights: { ...standardWeights, ...file.scheduler?.weights },
    policyFile: policyFileOf(file.policy_file, path),
    resizesWithinHost: file.scheduler?.resize_to_same_host ?? true,
    log: { ...standardLog, ...file.log },
    openstack: file.openstack && toOpenStackConfig(file.openstack, place, surroundings),
    host: toHostConfig(file.host, place, deviceSpec),
    libvirt: false,
    simulated: toSimulated(file.simulated, deviceSpec ?? builtInSpec, place),
  };
}

function policyFileOf(named: string | undefined, path: string | undefined): PolicyFile | undefined {
  if (named !== undefined) return { path: resolve(named), isNamed: true };
  return path === undefined
    ? undefined
    : { path: resolve(dirname(path), 'policy.yaml'), isNamed: false };
}

type HostEntry = Type.Static<typeof SimulatedHost>;

const defaultHosts: HostEntry[] = [{ name: 'host-1' }, { name: 'host-2' }];

function checkNames(hosts: HostEntry[], place: Place): void {
  for (const [at, { name }] of hosts.entries()) {
    if (hosts.findIndex((other) => other.name === name) === at) continue;
    const where = place(['simulated', 'hosts', at, 'name']);
    throw new ComputeError('invalid', `${where}: "${name}" is the name of another host too`);
  }
}

function toSimulated(
  simulated: FileShape['simulated'],
  deviceSpec: ConfigEntry[],
  place: Place,
): Config['simulated'] {
  if (simulated !== undefined && typeof simulated.hosts === 'number') {
    const { hosts, pfs, vfs } = simulated as Type.Static<typeof Fleet>;
    return { kind: 'fleet', hosts, pfs, vfs };
  }
  const hosts = (simulated?.hosts ?? defaultHosts) as HostEntry[];
  checkNames(hosts, place);
  return {
    kind: 'captured',
    hosts: hosts.map((host, at) => ({
      name: host.name,
      vcpus: host.vcpus ?? 8,
      memoryMib: host.memory_mib ?? 16_384,
      diskGib: host.disk_gib ?? 200,
      deviceSpec:
        host.device_spec === undefined
          ? deviceSpec
          : entries(host.device_spec, ['simulated', 'hosts', at, 'device_spec'], place),
      ...(host.shared_storage !== undefined && { sharedStorage: host.shared_storage }),
    })),
  };
}

/** `novella.yaml`: read, checked, and with its defaults. What is wrong is named by file, place and rule before anything starts. */
import { resolve } from 'node:path';
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { ComputeError } from '#core/errors.ts';
import { readTextFile } from './text-file.ts';
import { type CardPreference, cardPreferences } from '#core/pci/card-preference.ts';
import type { DescribedDevice } from '#integrations/simulated/described-devices.ts';
import type { CpuLayout } from '#integrations/simulated/simulated-host.ts';

const Port = Type.Integer({ minimum: 0, maximum: 65535 });
const Ratio = Type.Number({ exclusiveMinimum: 0 });
const DeviceSpecEntry = Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown())]);

const SimulatedHost = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9.-]*$' }),
    vcpus: Type.Optional(Type.Integer({ minimum: 1 })),
    memory_mib: Type.Optional(Type.Integer({ minimum: 1 })),
    disk_gib: Type.Optional(Type.Integer({ minimum: 1 })),
    device_spec: Type.Optional(Type.Array(DeviceSpecEntry)),
  },
  { additionalProperties: false },
);

const Fleet = Type.Object(
  {
    hosts: Type.Integer({ minimum: 1, maximum: 10_000 }),
    pfs: Type.Integer({ minimum: 1, maximum: 16 }),
    vfs: Type.Integer({ minimum: 1, maximum: 256 }),
  },
  { additionalProperties: false },
);

/** The file, with one of the two ways to describe simulated hosts: one schema each, so that an error speaks of the way chosen. */
const fileWith = <Simulated extends TSchema>(simulated: Simulated) =>
  Type.Object(
    {
      state_dir: Type.Optional(Type.String({ minLength: 1 })),
      listen: Type.Optional(Type.String({ minLength: 1 })),
      ports: Type.Optional(
        Type.Object(
          {
            compute: Type.Optional(Port),
            identity: Type.Optional(Port),
            network: Type.Optional(Port),
            image: Type.Optional(Port),
          },
          { additionalProperties: false },
        ),
      ),
      pci: Type.Optional(
        Type.Object(
          {
            device_spec: Type.Optional(Type.Array(DeviceSpecEntry)),
            alias: Type.Optional(Type.Array(DeviceSpecEntry)),
            card_preference: Type.Optional(Type.Enum([...cardPreferences])),
          },
          { additionalProperties: false },
        ),
      ),
      allocation_ratio: Type.Optional(
        Type.Object(
          { vcpus: Type.Optional(Ratio), memory: Type.Optional(Ratio), disk: Type.Optional(Ratio) },
          { additionalProperties: false },
        ),
      ),
      simulated: Type.Optional(simulated),
    },
    { additionalProperties: false },
  );

const FleetFile = fileWith(Fleet);
const HostsFile = fileWith(
  Type.Object({ hosts: Type.Array(SimulatedHost) }, { additionalProperties: false }),
);

/** One entry of a device list, with where it was written. */
export interface ConfigEntry {
  text: string;
  /** Example: `novella.yaml:12 simulated.hosts[0].device_spec[1]`. */
  source: string;
}

/** A simulated host that shows the captured igb machine. */
export interface CapturedHostConfig {
  name: string;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  deviceSpec: ConfigEntry[];
}

/** A simulated host in the short form of recorded scenarios. No file can ask for one: only who starts the cloud in its own process. */
export interface DescribedHostConfig {
  name: string;
  deviceSpec: ConfigEntry[];
  devices: DescribedDevice[];
  cpu?: CpuLayout;
  /** Processors for pinned guests only. Nova's `cpu_dedicated_set`. */
  dedicatedCpus?: number[];
  /** Physical networks that its normal ports reach. Nova's and Neutron's `bridge_mappings`. */
  bridgeMappings: string[];
  /** Does not start with the cloud. */
  later?: boolean;
}

export interface ServicePorts {
  compute: number;
  identity: number;
  network: number;
  image: number;
}

export interface Config {
  stateDir: string;
  listen: string;
  ports: ServicePorts;
  aliases: ConfigEntry[];
  /** `pci.card_preference`. */
  cardPreference: CardPreference | undefined;
  /** For every host that has no list of its own; undefined: the file does not say. */
  deviceSpec: ConfigEntry[] | undefined;
  /** How often a host's amounts may be promised. 4 virtual processors for one of the host, say. */
  allocationRatios: { vcpus: number; memory: number; disk: number };
  simulated:
    | { kind: 'captured'; hosts: CapturedHostConfig[] }
    | { kind: 'fleet'; hosts: number; pfs: number; vfs: number }
    | { kind: 'described'; hosts: DescribedHostConfig[] };
}

/** The ports of OpenStack. */
const standardPorts: ServicePorts = {
  compute: 8774,
  identity: 5000,
  network: 9696,
  image: 9292,
};

/** A free port for each service, chosen when it starts to listen. */
export const freePorts: ServicePorts = { compute: 0, identity: 0, network: 0, image: 0 };

/** What Novella promises unless told: processors four times, memory and disk once (a VF pins all memory of its guest). */
const standardRatios = { vcpus: 4, memory: 1, disk: 1 };

const builtInSpec: ConfigEntry[] = [1, 2].map((card) => ({
  text: `{"devname": "enp${card}s0", "physical_network": "physnet${card}"}`,
  source: 'built-in default',
}));

type FileShape = Type.Static<typeof FleetFile> | Type.Static<typeof HostsFile>;

/**
 * The configuration in this file, or the defaults when none is given: two simulated hosts, state below `./.novella`.
 * Throws `invalid` naming file, line, key and rule.
 */
export function readConfig(path?: string): Config {
  if (path === undefined) return toConfig({}, () => 'built-in default');
  return parseConfig(readTextFile(path), path);
}

/** As `readConfig`, of a text; `path` names it in messages. */
export function parseConfig(text: string, path: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) throw new ComputeError('invalid', `${path}: ${broken.message}`);
  const place = (keys: (string | number)[]): string => {
    const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
    const line = node?.range === undefined ? '' : `:${lines.linePos(node.range[0]).line}`;
    return `${path}${line} ${dotted(keys)}`;
  };
  const content = contentOf(document, path);
  const checked = isFleet(content)
    ? checkedBy(FleetFile, content, place)
    : checkedBy(HostsFile, content, place);
  return toConfig(checked, place);
}

type Place = (keys: (string | number)[]) => string;

/** A number of hosts means a fleet; all else is read as a list of hosts. */
function isFleet(content: unknown): boolean {
  const simulated = (content as { simulated?: { hosts?: unknown } } | null)?.simulated;
  return typeof simulated?.hosts === 'number';
}

function checkedBy<Schema extends TSchema>(
  schema: Schema,
  content: unknown,
  place: Place,
): Type.Static<Schema> {
  const checker = Compile(schema);
  if (checker.Check(content)) return content;
  const [first] = checker.Errors(content);
  const keys = (first?.instancePath ?? '').split('/').slice(1).map(asKey);
  throw new ComputeError('invalid', `${place(keys)}: ${ruleOf(first)}`);
}

/** The checker has no words for a key that no schema has, and does not name the words that are allowed. */
function ruleOf(finding?: { keyword: string; message: string; params: object }): string {
  if (finding === undefined) return 'is not valid';
  if (finding.message === 'schema is false') return 'is not a key of the configuration';
  const { allowedValues } = finding.params as { allowedValues?: unknown[] };
  return allowedValues === undefined ? finding.message : `must be ${allowedValues.join(' or ')}`;
}

/** YAML can name more than it should hold: aliases within aliases. */
function contentOf(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ComputeError('invalid', `${path}: ${problem}`, { cause });
  }
}

function asKey(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** Example: `['simulated', 'hosts', 0]` → `simulated.hosts[0]`. */
function dotted(keys: (string | number)[]): string {
  return keys
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${key}`))
    .join('');
}

function toConfig(file: FileShape, place: Place): Config {
  const listed = file.pci?.device_spec;
  const deviceSpec = listed && entries(listed, ['pci', 'device_spec'], place);
  return {
    stateDir: resolve(file.state_dir ?? '.novella'),
    listen: file.listen ?? '127.0.0.1',
    ports: { ...standardPorts, ...file.ports },
    aliases: entries(file.pci?.alias ?? [], ['pci', 'alias'], place),
    cardPreference: file.pci?.card_preference,
    deviceSpec,
    allocationRatios: { ...standardRatios, ...file.allocation_ratio },
    simulated: toSimulated(file.simulated, deviceSpec ?? builtInSpec, place),
  };
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
    })),
  };
}

function entries(
  list: readonly (string | Record<string, unknown>)[],
  keys: (string | number)[],
  place: Place,
): ConfigEntry[] {
  return list.map((entry, at) => ({
    text: typeof entry === 'string' ? entry : JSON.stringify(entry),
    source: place([...keys, at]),
  }));
}

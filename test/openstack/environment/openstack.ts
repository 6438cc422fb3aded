/**
 * A real OpenStack without compute, on free ports of the loopback: Keystone, Neutron and Glance as
 * Debian ships them.
 */
import { randomUUID } from 'node:crypto';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freePorts } from '#test/processes/free-ports.ts';
import { type Broker, startBroker } from './broker.ts';
import { firstState, register } from './first-state.ts';
import { type Place, runInside } from './inside.ts';
import { KeystoneApi, tokenOf } from './keystone-api.ts';
import { cloudsYaml, people } from './people.ts';
import { runFolder } from './run-folder.ts';
import { Service } from './service.ts';
import {
  type Ports,
  type ServiceName,
  serviceNames,
  serviceTypes,
  type Urls,
  urlsOf,
  writeConfiguration,
} from './services.ts';
import { openstackTree } from './tree.ts';
import { startWiringAgent, type WiringAgent } from './wiring-agent.ts';

export type { ServiceName } from './services.ts';

/** How long each part took, in milliseconds. */
export interface Timings {
  treeMs: number;
  stateMs: number;
  startMs: number;
}

export class OpenStack {
  readonly urls: Urls;
  readonly people = people;
  /** With a cloud for each of the people. */
  readonly cloudsYaml: string;
  /** Files that the `openstack` command may read lie here, and it starts here. */
  readonly folder: string;
  readonly timings: Timings;
  /** Where its programs run. */
  readonly place: Place;
  readonly #services: Record<ServiceName, Service>;
  readonly #broker: Broker | undefined;
  readonly #agents: WiringAgent[] = [];

  constructor(
    place: Place,
    ports: Ports,
    { timings, broker }: { timings: Timings; broker: Broker | undefined },
  ) {
    this.#broker = broker;
    this.place = place;
    this.folder = place.folder;
    this.timings = timings;
    this.urls = urlsOf(ports);
    this.cloudsYaml = join(place.folder, 'clouds.yaml');
    writeFileSync(this.cloudsYaml, cloudsYaml(this.urls.keystone));
    this.#services = {
      keystone: new Service(place, 'keystone', ports),
      neutron: new Service(place, 'neutron', ports),
      glance: new Service(place, 'glance', ports),
    };
  }

  /** Settles when it answers again, on the port it had. */
  start(name: ServiceName): Promise<void> {
    return this.#services[name].start();
  }

  /** `kill -9`, and waits until it has ended. */
  kill(name: ServiceName): Promise<void> {
    return this.#services[name].kill();
  }

  logs(name: ServiceName): string {
    return this.#services[name].logs();
  }

  /** Of the outermost of its processes. */
  pid(name: ServiceName): number {
    return this.#services[name].pid;
  }

  /** A token of one of the people, for that one's own project. */
  token(who: keyof typeof people): Promise<string> {
    return tokenOf(this.urls.keystone, people[who]);
  }

  /**
   * `openstack … -f json` as one of the people, parsed. Rejects with the client's message when it
   * fails.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the command prints
  async json(who: keyof typeof people, ...args: string[]): Promise<any> {
    const printed = await this.command(who, ...args, '-f', 'json');
    return JSON.parse(printed);
  }

  /** `openstack …` as one of the people; what it printed. */
  command(who: keyof typeof people, ...args: string[]): Promise<string> {
    return runInside(this.place, ['openstack', '--os-cloud', who, ...args]);
  }

  /**
   * Adds a service of the caller's own to the catalog. Example: `register('compute',
   * 'http://127.0.0.1:8774/v2.1')`.
   */
  async register(type: string, url: string): Promise<void> {
    const keystone = await KeystoneApi.open(this.urls.keystone, people.admin);
    await register(keystone, { name: type, type }, url);
  }

  /**
   * Makes the agents of a host alive for Neutron: the NIC switch agent with these PFs by physical
   * network, and Open vSwitch. A second call replaces them.
   */
  agent(host: string, physicalFunctions: Record<string, string[]>): void {
    const physnets = Object.keys(physicalFunctions);
    const bridges = Object.fromEntries(physnets.map((physnet) => [physnet, `br-${physnet}`]));
    const database = new DatabaseSync(join(this.folder, 'neutron.db'), { timeout: 30_000 });
    try {
      setAgent(database, host, {
        type: 'NIC Switch agent',
        binary: 'neutron-sriov-nic-agent',
        configurations: { device_mappings: physicalFunctions, devices: 0 },
      });
      setAgent(database, host, {
        type: 'Open vSwitch agent',
        binary: 'neutron-openvswitch-agent',
        configurations: {
          bridge_mappings: bridges,
          integration_bridge: 'br-int',
          tunnel_types: [],
          datapath_type: 'system',
          devices: 0,
        },
      });
    } finally {
      database.close();
    }
  }

  /**
   * As `agent`, but a running one: it wires the ports that are bound on its host. Only where
   * `startOpenStack` was called with `agents`.
   */
  async wiringAgent(
    host: string,
    physicalFunctions: Record<string, string[]>,
  ): Promise<WiringAgent> {
    const agent = await startWiringAgent(this.place, host, physicalFunctions);
    this.#agents.push(agent);
    return agent;
  }

  /**
   * Makes the agents of a host dead for Neutron, or that of one kind: their last report is months
   * old.
   */
  silenceAgents(host: string, kind = '%'): void {
    const database = new DatabaseSync(join(this.folder, 'neutron.db'), { timeout: 30_000 });
    try {
      const update = database.prepare(
        'UPDATE agents SET heartbeat_timestamp = ? WHERE host = ? AND agent_type LIKE ?',
      );
      update.run('2026-01-02 03:04:05.000000', host, kind);
    } finally {
      database.close();
    }
  }

  /** Ends everything and leaves nothing behind. */
  async stop(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.kill()));
    await Promise.all(serviceNames.map((name) => this.kill(name)));
    await this.#broker?.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Starts the three services with a state of their own. The first time ever it builds (minutes).
 * With `agents` Neutron has a RabbitMQ to reach agents through, and sends events of ports to
 * compute.
 */
export async function startOpenStack({ agents = false } = {}): Promise<OpenStack> {
  const began = performance.now();
  const tree = await openstackTree();
  const treeDone = performance.now();
  const state = await firstState(tree);
  const stateDone = performance.now();
  const [keystone = 0, neutron = 0, glance = 0] = await freePorts(3);
  const folder = runFolder();
  cpSync(state, folder, { recursive: true });
  const broker = agents ? await startBroker(folder) : undefined;
  const ports = { keystone, neutron, glance, ...(broker !== undefined && { broker: broker.port }) };
  writeConfiguration(folder, ports);
  setCatalog(folder, ports);
  const timings = { treeMs: treeDone - began, stateMs: stateDone - treeDone, startMs: 0 };
  const openstack = new OpenStack({ tree: tree.path, folder }, ports, { timings, broker });
  try {
    await Promise.all(serviceNames.map((name) => openstack.start(name)));
  } catch (error) {
    await openstack.stop();
    throw error;
  }
  timings.startMs = performance.now() - stateDone;
  return openstack;
}

/** No program reads the database yet. */
function setCatalog(folder: string, ports: Ports): void {
  const database = new DatabaseSync(join(folder, 'keystone.db'));
  const update = database.prepare(
    'UPDATE endpoint SET url = ? WHERE service_id IN (SELECT id FROM service WHERE type = ?)',
  );
  for (const name of serviceNames) update.run(urlsOf(ports)[name], serviceTypes[name]);
  database.close();
}

function setAgent(
  database: DatabaseSync,
  host: string,
  { type, binary, configurations }: { type: string; binary: string; configurations: object },
): void {
  const now = new Date().toISOString().replace('T', ' ').replace('Z', '000');
  database.exec('BEGIN IMMEDIATE');
  database.prepare('DELETE FROM agents WHERE agent_type = ? AND host = ?').run(type, host);
  database
    .prepare(
      `INSERT INTO agents (id, agent_type, "binary", topic, host, admin_state_up, created_at, started_at,
       heartbeat_timestamp, configurations, load) VALUES (?, ?, ?, 'N/A', ?, 1, ?, ?, ?, ?, 0)`,
    )
    .run(randomUUID(), type, binary, host, now, now, now, JSON.stringify(configurations));
  database.exec('COMMIT');
}

/**
 * Several controllers as processes over one PostgreSQL, with the services of a `novella up`, and
 * agents of simulated machines as processes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { stringify } from 'yaml';
import {
  type AgentProcess,
  startAgentProcess,
  writeAgentConfig,
} from '../processes/agent-process.ts';
import { type ControllerProcess, startControllerProcess } from '../processes/controller-process.ts';
import { freePorts } from '../processes/free-ports.ts';
import {
  type NovellaProcess,
  startConfigured,
  temporaryDirectory,
} from '../processes/novella-process.ts';
import type { Ahead } from '../upgrade/version-ahead.ts';
import { databaseOf } from '../postgres/database-of.ts';
import { freshDatabase, onServer } from '../postgres/database.ts';
import { Cloud } from '../worlds/cloud.ts';

/** A text column; '' for none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What stands between the processes of a cluster, where a test disturbs it. */
export interface Between {
  /** The URL by which this controller reaches the database. */
  database(controller: string, url: string): Promise<string>;
  /** The port by which agents reach this controller. */
  hostsPort(controller: string, port: number): Promise<number>;
  /** Variables of a process, by the name of the controller or host. */
  variables(name: string): Record<string, string>;
}

const nothing: Between = {
  database: async (_, url) => url,
  hostsPort: async (_, port) => port,
  variables: () => ({}),
};

export interface ClusterOptions {
  controllers: number;
  /** The names of all agents to come: the network service of the cluster must have their networks. */
  hosts: readonly string[];
  between?: Between;
  /** Of the configuration of controllers. */
  settings?: object;
  /** How an agent is started. */
  agentCommand?: [string, ...string[]];
}

const anyPort = { compute: 0, identity: 0, network: 0, image: 0 };

export class Cluster {
  readonly controllers: ControllerProcess[] = [];
  readonly agents = new Map<string, AgentProcess>();
  readonly #agentConfigs = new Map<string, string>();
  /** The URL of the database. */
  readonly database: string;
  readonly #folder: string;
  readonly #services: NovellaProcess;
  readonly #hostPorts: readonly number[];
  readonly #options: ClusterOptions;
  readonly #cleanUps: (() => void | Promise<void>)[];

  private constructor(parts: {
    folder: string;
    services: NovellaProcess;
    database: string;
    hostPorts: readonly number[];
    options: ClusterOptions;
    cleanUps: (() => void | Promise<void>)[];
  }) {
    this.#folder = parts.folder;
    this.#services = parts.services;
    this.database = parts.database;
    this.#hostPorts = parts.hostPorts;
    this.#options = parts.options;
    this.#cleanUps = parts.cleanUps;
  }

  /** `server`: the URL of a PostgreSQL server. */
  static async start(server: string, options: ClusterOptions): Promise<Cluster> {
    const { controllers, hosts } = options;
    const directory = temporaryDirectory();
    const { path: folder } = directory;
    const cleanUps: (() => void | Promise<void>)[] = [() => directory.remove()];
    try {
      const { url, drop } = await freshDatabase(server);
      cleanUps.push(drop);
      const config = join(folder, 'services.yaml');
      const named = { hosts: hosts.map((name) => ({ name })) };
      writeFileSync(config, stringify({ ports: { ...anyPort, hosts: 0 }, simulated: named }));
      const services = await startConfigured(join(folder, 'services'), ['--config', config]);
      cleanUps.push(() => services.stop());
      const hostPorts = await freePorts(controllers);
      const parts = { folder, services, database: url, hostPorts, options, cleanUps };
      const cluster = new Cluster(parts);
      cleanUps.push(() => cluster.#stopProcesses());
      const names = hostPorts.map((_, at) => `controller-${at + 1}`);
      // All of them, so that what has started is stopped.
      const started = await Promise.allSettled(names.map((name) => cluster.startController(name)));
      const failed = started.find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return cluster;
    } catch (error) {
      for (const act of cleanUps.toReversed()) await act();
      throw error;
    }
  }

  /**
   * A controller of the cluster, for the first time or again, of this version or of the one ahead.
   * Example: `controller-1`.
   */
  async startController(name: string, ahead?: Ahead): Promise<ControllerProcess> {
    const at = Number(name.replace(/^\D+/, '')) - 1;
    const { between = nothing, settings = {} } = this.#options;
    const configPath = join(this.#folder, `${name}.yaml`);
    const content = {
      ...settings,
      database: await between.database(name, this.database),
      quotas: { default: { instances: 1_000, cores: 1_000, ram: 10_000_000 } },
      ports: { ...anyPort, hosts: this.#hostPorts[at] },
      openstack: {
        auth_url: this.#services.urls.identity,
        username: 'admin',
        password: this.#adminPassword(),
        project_name: 'admin',
        plug_timeout: 0,
      },
    };
    writeFileSync(configPath, stringify(content));
    const variables = between.variables(name);
    const controller = await startControllerProcess({ name, configPath, ahead, variables });
    const before = this.controllers.findIndex((one) => one.name === name);
    if (before === -1) this.controllers.push(controller);
    else this.controllers[before] = controller;
    this.controllers.sort((one, other) => (one.name < other.name ? -1 : 1));
    return controller;
  }

  /** No port is bound until the returned function is called. */
  async holdPorts(): Promise<() => Promise<void>> {
    const client = new Client(await databaseOf(this.#services.stateDir));
    await client.connect();
    await client.query('begin; lock table ports in share row exclusive mode');
    return () => client.end();
  }

  /** The id of this run of a controller. */
  async idOf(controller: ControllerProcess): Promise<string> {
    const rows = await this.rows(`select uuid from controllers where name = '${controller.name}'`);
    return textOf(rows[0]?.['uuid']);
  }

  /** The cloud as its users see it through this controller. */
  at(controller: ControllerProcess): Promise<Cloud> {
    const urls = { ...this.#services.urls, compute: controller.url };
    return Cloud.at({ urls, cloudsYaml: this.#services.cloudsYaml });
  }

  /** Enrols the host by any controller, and starts its agent, which may connect to each. */
  async startAgent(host: string, by: Cloud): Promise<AgentProcess> {
    const { enrolment } = await by.ok('operator', 'POST', `/hosts/${host}/enrolment`, {});
    const { between = nothing } = this.#options;
    const ports = await Promise.all(
      this.#hostPorts.map((port, at) => between.hostsPort(`controller-${at + 1}`, port)),
    );
    this.#agentConfigs.set(
      host,
      writeAgentConfig({
        folder: this.folderOf(host),
        controllerUrl: ports.map((port) => `https://127.0.0.1:${port}`),
        host,
        token: enrolment.token,
      }),
    );
    return this.startAgentAgain(host);
  }

  /** Of a host that is enrolled. */
  startAgentAgain(host: string): AgentProcess {
    const { between = nothing, agentCommand } = this.#options;
    const config = this.#agentConfigs.get(host) ?? '';
    const agent = startAgentProcess(config, agentCommand, between.variables(host));
    this.agents.set(host, agent);
    return agent;
  }

  /** The database of the services: a file, or a URL of PostgreSQL. */
  async servicesDatabase(): Promise<string> {
    const { stateDir } = this.#services;
    return (await databaseOf(stateDir)) ?? join(stateDir, 'novella.sqlite');
  }

  folderOf(host: string): string {
    return join(this.#folder, host);
  }

  /** Rows of the cluster's database. */
  rows(statement: string): Promise<Record<string, unknown>[]> {
    return onServer(this.database, statement);
  }

  async stop(): Promise<void> {
    for (const act of this.#cleanUps.toReversed()) await act();
  }

  async #stopProcesses(): Promise<void> {
    const agents = [...this.agents.values()].map((agent) => agent.kill());
    for (const controller of this.controllers) controller.signal('SIGCONT');
    await Promise.all([...agents, ...this.controllers.map((one) => one.kill())]);
  }

  #adminPassword(): string {
    return readFileSync(join(this.#services.stateDir, 'admin-password'), 'utf8').trim();
  }
}

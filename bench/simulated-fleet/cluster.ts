/** Controllers over one PostgreSQL, as processes, beside the services that they need. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { openSession, type Session } from '#client/session/session.ts';
import {
  type ControllerProcess,
  startControllerProcess,
} from '#test/processes/controller-process.ts';
import { freePorts } from '#test/processes/free-ports.ts';
import { startChild } from './child.ts';
import type { ServicesRequest, StartedServices } from './services-process.ts';

export interface ClusterPlan {
  controllers: number;
  hosts: number;
  /** The URL of an empty database. */
  database: string;
  folder: string;
}

/** What ends a part of the fleet; called in the opposite order. */
export type CleanUps = (() => Promise<void> | void)[];

const anyPort = { compute: 0, identity: 0, network: 0, image: 0 };

export class FleetCluster {
  /** Those that run now, by number from 0. */
  readonly controllers = new Map<number, ControllerProcess>();
  readonly #plan: ClusterPlan;
  readonly #services: StartedServices;
  readonly #hostPorts: readonly number[];

  private constructor(plan: ClusterPlan, services: StartedServices, hostPorts: readonly number[]) {
    this.#plan = plan;
    this.#services = services;
    this.#hostPorts = hostPorts;
  }

  static async start(plan: ClusterPlan, cleanUps: CleanUps): Promise<FleetCluster> {
    const child = startChild('services-process.ts');
    cleanUps.push(() => child.kill());
    const request: ServicesRequest = { hosts: plan.hosts, stateDir: join(plan.folder, 'services') };
    const services = await child.request<StartedServices>(request);
    const cluster = new FleetCluster(plan, services, await freePorts(plan.controllers));
    cleanUps.push(() => cluster.killAll());
    // The first one makes the tables.
    for (let at = 0; at < plan.controllers; at += 1) await cluster.startController(at);
    return cluster;
  }

  /** Where agents find each controller. */
  get hostsUrls(): string[] {
    return this.#hostPorts.map((port) => `https://127.0.0.1:${port}`);
  }

  async startController(at: number): Promise<void> {
    const name = `controller-${at + 1}`;
    const path = join(this.#plan.folder, `${name}.yaml`);
    const content = {
      database: this.#plan.database,
      quotas: { default: { instances: -1, cores: -1, ram: -1 } },
      ports: { ...anyPort, hosts: this.#hostPorts[at] },
      metrics: { port: 0 },
      log: { level: 'error' },
      openstack: {
        auth_url: this.#services.identityUrl,
        username: 'admin',
        password: this.#adminPassword(),
        project_name: 'admin',
        plug_timeout: 0,
      },
    };
    writeFileSync(path, stringify(content));
    this.controllers.set(at, await startControllerProcess({ name, configPath: path }));
  }

  /** As `kill -9` does. */
  async killController(at: number): Promise<void> {
    const controller = this.controllers.get(at);
    this.controllers.delete(at);
    await controller?.kill();
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.controllers.keys()].map((at) => this.killController(at)));
  }

  /** The administrator, through each controller that runs. */
  async sessions(): Promise<Session[]> {
    const sessions: Session[] = [];
    for (const { url } of this.controllers.values()) {
      const session = await openSession(readCloud(this.#services.cloudsYaml));
      session.endpoints = { ...session.endpoints, compute: url };
      sessions.push(session);
    }
    return sessions;
  }

  #adminPassword(): string {
    const stateDir = dirname(this.#services.cloudsYaml);
    return readFileSync(join(stateDir, 'admin-password'), 'utf8').trim();
  }
}

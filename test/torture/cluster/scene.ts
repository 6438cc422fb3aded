/**
 * A cluster under test: PostgreSQL, controllers and agents as processes, with links between them
 * that can be disturbed. A controller or agent that ends is started again, as systemd does.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '#client/session/session.ts';
import { Cluster } from '#test/clusters/cluster.ts';
import type { Cluster as Postgres } from '#test/postgres/cluster.ts';
import { createTemplate } from '#test/postgres/database.ts';
import type { AgentProcess } from '#test/processes/agent-process.ts';
import type { ControllerProcess } from '#test/processes/controller-process.ts';
import type { Cloud } from '#test/worlds/cloud.ts';
import { rebootsFile, rebootsIn } from '../remote-host.ts';
import { readApart } from '../state/read-snapshot.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { Clocks } from './clocks.ts';
import { Link } from './link.ts';

export interface ScenePlan {
  /** Of this run alone. */
  postgres: Postgres;
  controllers: number;
  hosts: readonly string[];
  folder: string;
  /** How an agent is started; absent: as usual. */
  agentCommand?: [string, ...string[]];
}

/** A host whose agent is away for longer is lost. */
export const hostLostS = 6;

/** How a controller may end by itself: it was paused, or without the database, for too long. */
const mayEnd = /others? .*(paused for too long)|cannot be reached|does not answer|ECONNREFUSED/;

export class Scene {
  readonly clocks: Clocks;
  /** By `database CONTROLLER` and `hosts CONTROLLER`. */
  readonly links = new Map<string, Link>();
  /** Controllers and agents that ended as they must not. */
  readonly problems: string[] = [];
  readonly #plan: ScenePlan;
  #cluster: Cluster | undefined;
  #cloud: Cloud | undefined;
  /** Ends that were intended. */
  readonly #intended = new Set<number>();
  readonly #away = new Set<string>();
  readonly #starting = new Set<Promise<void>>();
  readonly #logs: { name: string; entries: readonly unknown[] }[] = [];
  #isEnding = false;

  private constructor(plan: ScenePlan) {
    this.#plan = plan;
    this.clocks = new Clocks(plan.folder);
  }

  static async start(plan: ScenePlan): Promise<Scene> {
    const scene = new Scene(plan);
    try {
      await scene.#start();
      return scene;
    } catch (error) {
      await scene.end();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { postgres, controllers, hosts, agentCommand } = this.#plan;
    await createTemplate(postgres.url);
    const cluster = await Cluster.start(postgres.url('postgres'), {
      controllers,
      hosts,
      ...(agentCommand && { agentCommand }),
      settings: {
        host_down_after: 2,
        host_lost_after: hostLostS,
        quotas: { default: { instances: -1, cores: -1, ram: -1 } },
      },
      between: {
        database: async (controller, url) => {
          const link = await this.#link(`database ${controller}`, { path: postgres.socket });
          const direct = new URL(url.replace('@/', '@localhost/'));
          return `postgresql://${direct.username}@127.0.0.1:${link.port}${direct.pathname}`;
        },
        hostsPort: async (controller, port) =>
          (await this.#link(`hosts ${controller}`, { port })).port,
        variables: (name) => ({
          ...this.clocks.variables(name),
          NOVELLA_TORTURE_REBOOTS: rebootsFile(this.#plan.folder),
        }),
      },
    });
    this.#cluster = cluster;
    for (const controller of cluster.controllers) this.#watchController(controller);
    this.#cloud = await cluster.at(this.controller(this.controllers[0] ?? ''));
    for (const host of hosts) this.#watchAgent(host, await cluster.startAgent(host, this.#cloud));
  }

  async #link(name: string, target: { port: number } | { path: string }): Promise<Link> {
    const link = this.links.get(name) ?? (await Link.to(target));
    this.links.set(name, link);
    return link;
  }

  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('the cluster did not start');
    return this.#cluster;
  }

  /** Names of all controllers. */
  get controllers(): string[] {
    return this.cluster.controllers.map(({ name }) => name);
  }

  get hosts(): readonly string[] {
    return this.#plan.hosts;
  }

  controller(name: string): ControllerProcess {
    const found = this.cluster.controllers.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no controller ${name}`);
    return found;
  }

  agent(host: string): AgentProcess {
    const found = this.cluster.agents.get(host);
    if (found === undefined) throw new Error(`no agent of ${host}`);
    return found;
  }

  /** Of the administrator, at this controller. */
  session(controller: string): Session {
    if (this.#cloud === undefined) throw new Error('the cluster did not start');
    const { session } = this.#cloud;
    return {
      ...session,
      ...(session.renew && { renew: () => session.renew?.() ?? Promise.resolve() }),
      endpoints: { ...session.endpoints, compute: this.controller(controller).url },
    };
  }

  /** `kill -9`; it is started again so much later. */
  async killController(name: string, awayMs: number): Promise<void> {
    await this.#kill(this.controller(name), name, awayMs);
  }

  async killAgent(host: string, awayMs: number): Promise<void> {
    await this.#kill(this.agent(host), host, awayMs);
  }

  // oxlint-disable-next-line max-params -- what, and for how long
  async #kill(
    process: { pid: number; kill(): Promise<void> },
    name: string,
    awayMs: number,
  ): Promise<void> {
    this.#intended.add(process.pid);
    this.#away.add(name);
    await process.kill();
    await sleep(awayMs);
    this.#away.delete(name);
    await Promise.all(this.#starting);
  }

  signal(pid: number, which: 'SIGSTOP' | 'SIGCONT'): void {
    try {
      process.kill(pid, which);
    } catch {
      // It has ended.
    }
  }

  async crashDatabase(awayMs: number): Promise<void> {
    await this.#plan.postgres.crash();
    await sleep(awayMs);
    await this.#plan.postgres.restart();
  }

  /** All links and clocks are right, and all processes run. */
  async heal(): Promise<void> {
    for (const link of this.links.values()) link.heal();
    for (const name of [...this.controllers, ...this.hosts]) this.clocks.set(name, 0);
    await Promise.all(this.#starting);
  }

  /** Of one moment, in which no agent runs. */
  async snapshot(): Promise<Snapshot> {
    const agents = [...this.cluster.agents.values()];
    for (const { pid } of agents) this.signal(pid, 'SIGSTOP');
    try {
      const compute = this.cluster.database;
      const services = await this.cluster.servicesDatabase();
      const folders = this.hosts.map((host) => [host, this.#guestFolder(host)] as const);
      return await readApart({ compute, services }, new Map(folders));
    } finally {
      for (const { pid } of agents) this.signal(pid, 'SIGCONT');
    }
  }

  /** Keeps the logs of all processes, and the rows and guests as they are, in the folder. */
  async keep(): Promise<void> {
    for (const [at, { name, entries }] of this.#logs.entries()) {
      const lines = entries.map((entry) => JSON.stringify(entry));
      writeFileSync(join(this.#plan.folder, `${at}-${name}.log`), lines.join('\n'));
    }
    const { devices, ...rows } = await this.snapshot();
    const content = JSON.stringify({ ...rows, devices: Object.fromEntries(devices) }, null, 1);
    writeFileSync(join(this.#plan.folder, 'snapshot.json'), content);
  }

  /** How often each guest was rebooted, by id. */
  reboots(): Map<string, number> {
    return rebootsIn(this.#plan.folder);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    for (const link of this.links.values()) link.heal();
    await Promise.all(this.#starting);
    await this.#cluster?.stop();
    for (const link of this.links.values()) await link.close();
  }

  #guestFolder(host: string): string {
    return `${this.cluster.folderOf(host)}/state/simulated/${host}/guests`;
  }

  #watchController(controller: ControllerProcess): void {
    this.#logs.push(controller);
    void controller.ended.then((code) => {
      if (this.#isEnding) return;
      const last = controller.entries.at(-1)?.msg ?? '';
      const isRight = this.#intended.has(controller.pid) || (code === 1 && mayEnd.test(last));
      if (!isRight) this.problems.push(`${controller.name} ended with ${code}: ${last}`);
      this.#startAgain(async () => {
        await this.#isBack(controller.name);
        const again = await this.cluster.startController(controller.name);
        this.#watchController(again);
      });
    });
  }

  #watchAgent(host: string, agent: AgentProcess): void {
    this.#logs.push({ name: host, entries: agent.entries });
    void agent.ended.then((code) => {
      if (this.#isEnding) return;
      if (!this.#intended.has(agent.pid)) {
        this.problems.push(`agent of ${host} ended with ${code}: ${agent.entries.at(-1)}`);
      }
      this.#startAgain(async () => {
        await this.#isBack(host);
        this.#watchAgent(host, this.cluster.startAgentAgain(host));
      });
    });
  }

  async #isBack(name: string): Promise<void> {
    while (this.#away.has(name)) await sleep(20);
  }

  /** Until it succeeds, as while there is no database. */
  #startAgain(start: () => Promise<void>): void {
    const starting = (async () => {
      while (!this.#isEnding) {
        try {
          await start();
          return;
        } catch (error) {
          const text = error instanceof Error ? error.message : String(error);
          if (!mayNotStart.test(text)) this.problems.push(text);
        }
        await sleep(300);
      }
    })();
    this.#starting.add(starting);
    void starting.finally(() => this.#starting.delete(starting));
  }
}

/** The database cannot be used at this moment. */
const mayNotStart = /database|PostgreSQL|ECONN|timed? ?out/i;

/**
 * The Novella that is killed: `novella up` as a process of its own, with durable SQLite, simulated
 * hosts, its own state directory and the same loopback ports at each start.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { freePorts } from '#test/processes/free-ports.ts';

export interface VictimPlan {
  /** All its files are kept there. */
  folder: string;
  /** The program. Example: `['node_modules/.cache/x/novella.mjs']`. */
  program: string[];
  /** Names of the simulated hosts in its process. */
  hosts: readonly string[];
}

export class Victim {
  readonly #plan: VictimPlan;
  readonly #ports: Record<string, number>;
  #child: ChildProcess | undefined;

  private constructor(plan: VictimPlan, ports: Record<string, number>) {
    this.#plan = plan;
    this.#ports = ports;
  }

  static async at(plan: VictimPlan): Promise<Victim> {
    const [compute = 0, identity = 0, network = 0, image = 0, hosts = 0] = await freePorts(5);
    return new Victim(plan, { compute, identity, network, image, hosts });
  }

  get stateDir(): string {
    return join(this.#plan.folder, 'state');
  }

  get databaseFile(): string {
    return join(this.stateDir, 'novella.sqlite');
  }

  get cloudsYaml(): string {
    return join(this.stateDir, 'clouds.yaml');
  }

  /** Where the guests of a simulated host are. */
  guestFolder(host: string): string {
    return join(this.stateDir, 'hosts', host, 'guests');
  }

  /**
   * Starts it without the hosts of `lost`. `ready` resolves to false when it ended before it was
   * ready.
   */
  start(lost: readonly string[] = []): { ready: Promise<boolean> } {
    const { folder, program, hosts } = this.#plan;
    const config = join(folder, 'novella.yaml');
    const present = hosts.filter((name) => !lost.includes(name));
    const unlimited = { instances: -1, cores: -1, ram: -1 };
    writeFileSync(
      config,
      stringify({
        state_dir: this.stateDir,
        ports: this.#ports,
        quotas: { default: unlimited },
        host_down_after: 1,
        host_lost_after: 3,
        simulated: { hosts: present.map((name) => ({ name })) },
      }),
    );
    const log = openSync(join(folder, 'novella.log'), 'a');
    const child = spawn(
      process.execPath,
      [...program, 'up', '--config', config, '--ready-line', '--log-level', 'warn'],
      { stdio: ['ignore', 'pipe', log] },
    );
    this.#child = child;
    return { ready: isReady(child) };
  }

  /** `kill -9`, and waits until it has ended. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

function isReady(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve(false));
    if (child.stdout === null) return resolve(false);
    // Read on, so that the pipe never fills.
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(true);
    });
  });
}

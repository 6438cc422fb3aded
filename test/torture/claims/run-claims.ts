/**
 * Claims and releases by several processes over one database, some of which are killed or paused,
 * until there were enough claims; then everything they wrote down is checked.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Store } from '#contracts/store/store.ts';
import { bookDevices } from '#core/ledger/host-ledger.ts';
import { openStore } from '#integrations/database/store.ts';
import { between, oneOf, randomFrom } from '#test/random.ts';
import { aFlavor, aHost, aNewServer, aPf, aVf } from '#test/worlds/store-rows.ts';
import { hostChange } from '#workflows/hosts/host-change.ts';
import { type FirstState, violationsOf } from './check-log.ts';
import type { Entry, Fault, WorkerSetup } from './entry.ts';

export interface ClaimsOptions {
  /** A file, or the URL of a database of PostgreSQL; empty before. */
  database: string;
  /** Where the workers write down what they do. */
  folder: string;
  claims: number;
  processes: number;
  hosts: number;
  /** Of each host. */
  vfs: number;
  seed: number;
  fault?: Fault;
  /** Time between two events of this kind; absent: none. */
  killEveryMs?: number;
  stopEveryMs?: number;
  /** Called every 10 s. */
  report?: (sofar: Amounts) => void;
}

/** What has been done. */
export interface Amounts {
  /** Each on disk. */
  claims: number;
  /** Changes of hosts that were refused, because another came first. */
  refused: number;
  kills: number;
  stops: number;
  seconds: number;
}

export interface ClaimsResult extends Amounts {
  /** Workers that ended by themselves, or claimed nothing any more. */
  problems: string[];
  /** Rules that were broken. */
  violations: string[];
}

const leaseMs = 300;
/** Without a claim: then devices are lost. */
const longestGapMs = 15_000;
const longestGapOfFaultyMs = 4_000;
const atOnce = 8;
const claimByte = 'c'.charCodeAt(0);
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

export async function runClaims(options: ClaimsOptions): Promise<ClaimsResult> {
  const { store } = await openStore(options.database);
  try {
    const first = await makeHosts(store, options);
    // Fewer than lanes: a task of which the lease has run out is taken over at once.
    const servers = Math.ceil(options.processes * atOnce * 0.75);
    for (let made = 0; made < servers; made += 1) await makeServer(store, made);
    const race = new Race(options);
    await race.run();
    const amounts = race.amounts();
    const violations = await violationsOf(race.entries(), first, store);
    return { ...amounts, problems: race.problems, violations };
  } finally {
    await store.close();
  }
}

async function makeHosts(
  store: Store,
  { hosts, vfs }: ClaimsOptions,
): Promise<Map<string, FirstState>> {
  const first = new Map<string, FirstState>();
  for (let at = 0; at < hosts; at += 1) {
    const devices = [aPf(), ...Array.from({ length: vfs }, (_, vf) => aVf(vfAddress(vf)))];
    const id = await aHost(store, [], `host-${at}`);
    const host = await store.hosts.get(id);
    if (host === undefined) throw new Error(`host ${id} is gone`);
    await store.hosts.update(hostChange(host, bookDevices(host, devices, devices)));
    await store.hosts.seen(id, Date.now());
    const { generation = 0 } = (await store.hosts.get(id)) ?? {};
    first.set(id, { generation, devices });
  }
  return first;
}

/** 8 functions to a slot, from 0000:82:00.0. */
function vfAddress(vf: number): string {
  const slot = Math.floor(vf / 8)
    .toString(16)
    .padStart(2, '0');
  return `0000:82:${slot}.${vf % 8}`;
}

/** Every tenth requests an entire card. */
async function makeServer(store: Store, at: number): Promise<void> {
  const flavor = aFlavor({ vcpus: 0, memoryMib: 0, diskGib: 0, extraSpecs: {} });
  const type = at % 10 === 9 ? { dev_type: 'type-PF' } : { remote_managed: 'False' };
  const request = {
    requestId: crypto.randomUUID(),
    count: 1,
    spec: [{ physical_network: 'physnet1', ...type }],
    ...{ needsInterface: false, aliasName: null, numaPolicy: null, requesterId: null },
  };
  await store.servers.create({ ...aNewServer({ flavor }), pciRequests: [request] });
}

/** The processes, and what happens to them. */
class Race {
  readonly #options: ClaimsOptions;
  readonly #random: () => number;
  readonly #running = new Map<string, ChildProcess>();
  readonly #logs: string[] = [];
  /** Those that have claimed. */
  readonly #working = new Set<ChildProcess>();
  readonly problems: string[] = [];
  readonly #began = Date.now();
  #claims = 0;
  #refused = 0;
  #kills = 0;
  #stops = 0;
  #claimedAt: number | undefined;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  async run(): Promise<void> {
    const { processes, claims, killEveryMs, stopEveryMs, fault, report } = this.#options;
    for (let at = 0; at < processes; at += 1) this.#start();
    const gapMs = fault === undefined ? longestGapMs : longestGapOfFaultyMs;
    const began = this.#began;
    let [killAt, stopAt, reportAt] = [began, began, began];
    while (this.#claims < claims && this.problems.length === 0) {
      await sleep(20);
      const now = Date.now();
      const isComplete = this.#working.size === processes;
      if (killEveryMs !== undefined && isComplete && now - killAt >= killEveryMs) {
        killAt = now;
        await this.#kill();
      }
      if (stopEveryMs !== undefined && isComplete && now - stopAt >= stopEveryMs) {
        stopAt = now;
        await this.#pause();
      }
      if (this.#claimedAt !== undefined && now - this.#claimedAt > gapMs) {
        this.problems.push(`no claim for ${gapMs / 1_000} s`);
      }
      if (now - reportAt >= 10_000) {
        reportAt = now;
        report?.(this.amounts());
      }
    }
    await Promise.all([...this.#running.values()].map((child) => ended(child, 'SIGTERM')));
  }

  amounts(): Amounts {
    return {
      claims: this.#claims,
      refused: this.#refused,
      kills: this.#kills,
      stops: this.#stops,
      seconds: Math.round((Date.now() - this.#began) / 100) / 10,
    };
  }

  /** Everything that was written down; the last line of a killed process may be cut off. */
  entries(): Entry[] {
    return this.#logs.flatMap((log) =>
      readFileSync(log, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Entry),
    );
  }

  #start(): void {
    const { database, folder, seed, processes, fault = null } = this.#options;
    const name = `worker-${this.#logs.length}`;
    const log = join(folder, `${name}.log`);
    writeFileSync(log, '');
    this.#logs.push(log);
    const setup: WorkerSetup = {
      ...{ database, name, log, fault, processes, atOnce, leaseMs },
      seed: seed * 1_000 + this.#logs.length,
      pauseShare: fault === 'lost-lease' ? 0.1 : 0,
    };
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', worker, JSON.stringify(setup)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const claims = chunk.filter((one) => one === claimByte).length;
      this.#refused += chunk.length - claims;
      if (claims === 0) return;
      this.#claims += claims;
      this.#claimedAt = Date.now();
      this.#working.add(child);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once('exit', (code) => {
      this.#running.delete(name);
      this.#working.delete(child);
      if (code !== null && code !== 0) this.problems.push(`${name} ended with ${code}: ${errors}`);
    });
    this.#running.set(name, child);
  }

  async #kill(): Promise<void> {
    await ended(oneOf(this.#random, [...this.#working]), 'SIGKILL');
    this.#kills += 1;
    this.#start();
  }

  /** Longer than a lease: others take over its tasks meanwhile. */
  async #pause(): Promise<void> {
    const child = oneOf(this.#random, [...this.#working]);
    child.kill('SIGSTOP');
    await sleep(leaseMs + between(this.#random, 50, 500));
    child.kill('SIGCONT');
    this.#stops += 1;
  }
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

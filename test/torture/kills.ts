/**
 * Kills Novella under load, again and again: each round starts it, keeps it under load, kills it at
 * a random moment and checks what it has left. Every few rounds, and at the end, it first comes to
 * rest with all its hosts, and rows, ports and guests are compared.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { openSession, type Session } from '#client/session/session.ts';
import { between, oneOf, randomFrom } from '#test/random.ts';
import { alwaysViolations } from './checks/always.ts';
import { apiViolations } from './checks/api.ts';
import { restViolations } from './checks/at-rest.ts';
import { doneViolations, keptViolations } from './checks/kept.ts';
import { makeGround } from './load/ground.ts';
import { Ledger } from './load/ledger.ts';
import { tortureMix, type UserGround, Users } from './load/users.ts';
import { RemoteHost } from './remote-host.ts';
import { repairHosts, settle } from './settle.ts';
import { readSnapshot } from './state/read-snapshot.ts';
import type { Snapshot } from './state/snapshot.ts';
import { Victim } from './victim.ts';

export interface KillsPlan {
  kills: number;
  seed: number;
  /** All files of the run are kept there. */
  folder: string;
  program: string[];
  /** Receives a line per kill, and per rest. */
  report: (line: Record<string, unknown>) => void;
}

const hosts = ['host-1', 'host-2', 'host-3', 'host-4'];
const users = 6;
const startKillChance = 0.15;
/** Answers that the load receives before the kill, and a moment more. */
const loadAnswers = { least: 2, most: 150 };
const momentMs = 60;
const longestLoadMs = 5_000;
const pollMs = 2;
const restEvery = 5;
const lossChance = 0.3;
const agentKillChance = 0.25;

/** Runs all rounds; every violation found, in order. It stops at the first round with one. */
export async function runKills(plan: KillsPlan): Promise<{ violations: string[]; ledger: Ledger }> {
  const victim = await Victim.at({ folder: plan.folder, program: plan.program, hosts });
  const torture = new Torture(plan, victim);
  try {
    return { violations: await torture.run(), ledger: torture.ledger };
  } finally {
    await torture.end();
  }
}

class Torture {
  readonly ledger = new Ledger();
  readonly #plan: KillsPlan;
  readonly #victim: Victim;
  readonly #users = new Users(users, tortureMix);
  readonly #random: () => number;
  /** How long the last start took. */
  #startMs = 1_000;
  #ground: UserGround | undefined;
  #remote: RemoteHost | undefined;

  constructor(plan: KillsPlan, victim: Victim) {
    this.#plan = plan;
    this.#victim = victim;
    this.#random = randomFrom(plan.seed);
  }

  async run(): Promise<string[]> {
    await this.#prepare();
    for (let kill = 1; kill <= this.#plan.kills; kill += 1) {
      const violations = await this.#round(kill);
      if (violations.length > 0) return violations;
    }
    return this.#rest(this.#plan.kills);
  }

  async end(): Promise<void> {
    await this.#victim.kill();
    await this.#remote?.kill();
  }

  /** A first start, without load: networks, flavors, the remote host. */
  async #prepare(): Promise<void> {
    if (!(await this.#victim.start().ready))
      throw new Error('novella up ended before it was ready');
    const session = await this.#signIn();
    this.#remote = await RemoteHost.join(session, `${this.#plan.folder}/remote-1`);
    const left = await settle(session, this.#victim.databaseFile);
    if (left.length > 0) throw new Error(left.join('; '));
    this.#ground = await makeGround(session, this.ledger);
    await this.#victim.stop();
  }

  #signIn(): Promise<Session> {
    return openSession(readCloud(this.#victim.cloudsYaml));
  }

  async #round(kill: number): Promise<string[]> {
    const random = this.#random;
    const lost = random() < lossChance ? [oneOf(random, hosts)] : [];
    const inStart = random() < startKillChance;
    const killsAgent = random() < agentKillChance;
    const afterMs = between(random, 0, inStart ? this.#startMs : momentMs);
    const answers = between(random, loadAnswers.least, loadAnswers.most);
    if (kill % restEvery === 0) {
      const violations = await this.#rest(kill);
      if (violations.length > 0) return violations;
    }
    const began = performance.now();
    const { ready } = this.#victim.start(lost);
    if (killsAgent) await this.#remote?.restart();
    if (!inStart && !(await ready)) return ['novella up ended before it was ready'];
    if (!inStart) this.#startMs = Math.round(performance.now() - began);
    await (inStart ? pause(afterMs) : this.#load(kill, { answers, afterMs }));
    await this.#victim.kill();
    const snapshot = this.#snapshot();
    const violations = [...alwaysViolations(snapshot), ...keptViolations(snapshot, this.ledger)];
    this.#plan.report({
      kill,
      ...(inStart ? { in: 'start' } : { in: 'load', answers }),
      after_ms: afterMs,
      ...(lost.length > 0 && { lost }),
      ...factsOf(snapshot),
      violations: violations.length,
    });
    return violations;
  }

  /** Keeps the running cloud under load, and kills it this long after so many answers. */
  async #load(kill: number, until: { answers: number; afterMs: number }): Promise<void> {
    if (this.#ground === undefined) throw new Error('no ground');
    const ground = { ...this.#ground, session: await this.#signIn() };
    const working = this.#users.work(ground, this.#plan.seed * 1_000 + kill);
    const enough = this.ledger.answered + until.answers;
    const end = Date.now() + longestLoadMs;
    while (this.ledger.answered < enough && Date.now() < end) await pause(pollMs);
    await pause(until.afterMs);
    this.#users.stop();
    await this.#victim.kill();
    await working;
  }

  /** Starts with all hosts and without load, and compares everything once no work is left. */
  async #rest(kill: number): Promise<string[]> {
    if (!(await this.#victim.start().ready)) return ['novella up ended before it was ready'];
    const session = await this.#signIn();
    await repairHosts(session);
    const began = Date.now();
    const left = await settle(session, this.#victim.databaseFile);
    const snapshot = this.#snapshot();
    const violations = [
      ...left,
      ...alwaysViolations(snapshot),
      ...keptViolations(snapshot, this.ledger),
      ...restViolations(snapshot),
      ...doneViolations(snapshot, this.ledger, this.#remote?.reboots() ?? new Map()),
      ...(await apiViolations(session, snapshot)),
    ];
    this.#plan.report({
      rest_before: kill,
      settle_ms: Date.now() - began,
      ...factsOf(snapshot),
      violations: violations.length,
    });
    await this.#victim.stop();
    return violations;
  }

  #snapshot(): Snapshot {
    const folders = new Map(hosts.map((host) => [host, this.#victim.guestFolder(host)]));
    if (this.#remote !== undefined) folders.set(this.#remote.name, this.#remote.guestFolder);
    return readSnapshot(this.#victim.databaseFile, folders);
  }
}

function factsOf({ servers, tasks, guests, ports }: Snapshot): Record<string, number> {
  return {
    servers: servers.filter(({ isDeleted }) => !isDeleted).length,
    deleted: servers.filter(({ isDeleted }) => isDeleted).length,
    tasks: tasks.filter(({ step }) => step !== null).length,
    guests: guests.length,
    ports: ports.length,
  };
}

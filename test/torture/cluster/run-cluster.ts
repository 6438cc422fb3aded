/**
 * Keeps a cluster under load while its processes are killed and paused, its links are cut and its
 * clocks jump. What must hold at every moment is checked after each fault; every few faults, and at
 * the end, the cluster comes to rest, and rows, ports, guests and the API must agree.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { allServers } from '#client/servers.ts';
import { request, send } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { errorText } from '#core/errors.ts';
import { between, oneOf, randomFrom } from '#test/random.ts';
import { alwaysViolations } from '../checks/always.ts';
import { apiViolations } from '../checks/api.ts';
import { restViolations } from '../checks/at-rest.ts';
import { leftViolations } from '../checks/emptied.ts';
import { doneViolations, keptViolations } from '../checks/kept.ts';
import { makeGround } from '../load/ground.ts';
import { Ledger } from '../load/ledger.ts';
import { tortureMix, type UserGround, Users } from '../load/users.ts';
import { hostServices, repairHosts, settle } from '../settle.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { type FaultKind, happen } from './faults.ts';
import { Scene, type ScenePlan } from './scene.ts';

export interface ClusterPlan extends ScenePlan {
  faults: number;
  /** Between two rests. */
  restEvery: number;
  seed: number;
  /** Receives a line per fault, and per rest. */
  report: (line: Record<string, unknown>) => void;
}

const users = 5;
/** Agents find within twenty seconds that a controller is silent. */
const settleMs = 120_000;
const quietMs = [100, 1_000] as const;
const restAttempts = 4;
const restPauseMs = 5_000;

/** Every violation found, in order; it stops at the first fault or rest with one. */
export async function runCluster(
  plan: ClusterPlan,
): Promise<{ violations: string[]; ledger: Ledger }> {
  const scene = await Scene.start(plan);
  const torture = new ClusterTorture(plan, scene);
  try {
    return { violations: await torture.run(), ledger: torture.ledger };
  } finally {
    await scene.end();
  }
}

class ClusterTorture {
  readonly ledger = new Ledger();
  readonly #plan: ClusterPlan;
  readonly #scene: Scene;
  readonly #users = new Users(users, tortureMix);
  readonly #randoms: Record<FaultKind, () => number>;
  #happened = 0;
  readonly #violations: string[] = [];

  constructor(plan: ClusterPlan, scene: Scene) {
    this.#plan = plan;
    this.#scene = scene;
    this.#randoms = { process: randomFrom(plan.seed), link: randomFrom(plan.seed + 1_000_000) };
  }

  async run(): Promise<string[]> {
    const ground = await this.#ground();
    const { faults, restEvery, seed } = this.#plan;
    while (this.#violations.length === 0 && this.#happened < faults) {
      const until = Math.min(faults, this.#happened + restEvery);
      const working = this.#work(ground, seed + this.#happened);
      await Promise.all([this.#faults('process', until), this.#faults('link', until)]);
      this.#users.stop();
      await this.#scene.heal();
      this.#violations.push(...(await working));
      await this.#rest();
    }
    if (this.#violations.length === 0) await this.#empty();
    if (this.#violations.length > 0) await this.#scene.keep();
    return this.#violations;
  }

  async #ground(): Promise<UserGround> {
    const session = this.#session(Math.random);
    const limit = Date.now() + settleMs;
    while ((await hostServices(session)).length < this.#scene.hosts.length) {
      if (Date.now() > limit) throw new Error('not all agents have reported');
      await sleep(100);
    }
    const left = await settle(session, this.#scene.cluster.database, settleMs);
    if (left.length > 0) throw new Error(left.join('; '));
    return makeGround(session, this.ledger);
  }

  #session(random: () => number) {
    return this.#scene.session(oneOf(random, this.#scene.controllers));
  }

  /** Returns what went wrong with the load itself. */
  async #work(ground: UserGround, seed: number): Promise<string[]> {
    try {
      await this.#users.work(ground, seed, (random) => this.#session(random));
      return [];
    } catch (error) {
      this.#users.stop();
      return [`a request failed: ${errorText(error)}`];
    }
  }

  async #faults(kind: FaultKind, until: number): Promise<void> {
    const random = this.#randoms[kind];
    while (this.#happened < until && this.#violations.length === 0) {
      this.#happened += 1;
      const number = this.#happened;
      await sleep(between(random, ...quietMs));
      const fault = await happen(this.#scene, kind, random);
      this.#check({ number, ...fault }, await this.#moment());
    }
  }

  /** What holds at every moment; nothing where the database cannot be read at this one. */
  async #moment(): Promise<{ snapshot?: Snapshot; violations: string[] }> {
    try {
      const snapshot = await this.#scene.snapshot();
      return { snapshot, violations: alwaysViolations(snapshot) };
    } catch (error) {
      const { code = '' } = error as { code?: string };
      // It starts, or ends.
      if (/^(57P|ECONN|ENOENT)/.test(code) || /terminated/.test(errorText(error))) {
        return { violations: [] };
      }
      throw error;
    }
  }

  #check(
    line: Record<string, unknown>,
    { snapshot, violations }: { snapshot?: Snapshot; violations: string[] },
  ): void {
    const found = [...violations, ...this.#scene.problems.splice(0)];
    this.#violations.push(...found);
    this.#plan.report({
      ...line,
      ...(snapshot && factsOf(snapshot)),
      violations: found.length,
    });
  }

  /** Without load and faults: everything is compared once no work is left. */
  async #rest(): Promise<void> {
    const session = this.#session(Math.random);
    await repairHosts(session);
    await settle(session, this.#scene.cluster.database, settleMs);
    await reportDeletedPorts(session, await this.#scene.snapshot());
    await this.#atRest({ rest_after: this.#happened }, async (snapshot) => [
      ...keptViolations(snapshot, this.ledger),
      ...doneViolations(snapshot, this.ledger, this.#scene.reboots()),
      ...(await apiViolations(session, snapshot)),
      ...[...this.ledger.answers.keys()].filter((answer) => answer.endsWith(' 500')),
    ]);
  }

  /**
   * Agents report and reconcile after their links are back, which no row shows: what is wrong counts
   * when it stays so.
   */
  async #atRest(
    line: Record<string, unknown>,
    more: (snapshot: Snapshot) => Promise<string[]>,
  ): Promise<void> {
    const began = Date.now();
    for (let left = restAttempts; ; left -= 1) {
      const session = this.#session(Math.random);
      const work = await settle(session, this.#scene.cluster.database, settleMs);
      const snapshot = await this.#scene.snapshot();
      const found = [...alwaysViolations(snapshot), ...restViolations(snapshot)];
      const violations = [...work, ...found, ...(await more(snapshot))];
      if (violations.length === 0 || work.length > 0 || left === 1) {
        return this.#check({ ...line, settle_ms: Date.now() - began }, { snapshot, violations });
      }
      await sleep(restPauseMs);
    }
  }

  /** Deletes all servers: nothing is held, used or bound any more. */
  async #empty(): Promise<void> {
    const session = this.#session(Math.random);
    for (const { id } of await allServers(session)) {
      const entry = this.ledger.servers.get(id);
      if (entry !== undefined) entry.mayBeGone = true;
      await send(session, { service: 'compute', method: 'DELETE', path: `/servers/${id}` });
    }
    await this.#atRest({ emptied: true }, async (snapshot) => leftViolations(snapshot));
  }
}

/** As a network service of its own does: the embedded one reports to the cloud in its own process. */
async function reportDeletedPorts(session: Session, { nics, ports }: Snapshot): Promise<void> {
  const known = new Set(ports.map(({ id }) => id));
  const events = nics
    .filter(({ isLive, portId }) => isLive && portId !== null && !known.has(portId))
    .map(({ serverId, portId }) => ({
      ...{ name: 'network-vif-deleted', server_uuid: serverId, tag: portId },
    }));
  if (events.length === 0) return;
  const path = '/os-server-external-events';
  await request(session, { service: 'compute', method: 'POST', path, body: { events } });
}

function factsOf({ servers, tasks, guests }: Snapshot): Record<string, number> {
  return {
    servers: servers.filter(({ isDeleted }) => !isDeleted).length,
    deleted: servers.filter(({ isDeleted }) => isDeleted).length,
    tasks: tasks.filter(({ step }) => step !== null).length,
    guests: guests.length,
  };
}

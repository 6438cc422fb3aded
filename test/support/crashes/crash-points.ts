/**
 * The points of workflows at which a controller may die, found by running them: before and after
 * each commit of a step, and after each of its calls to another service. No list of steps, commits
 * or calls is kept here: a new one is a new point.
 */
import type { Store, Transition } from '#contracts/store/store.ts';
import { workflows } from '#workflows/server-operations.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';

/** Example: `boot bind-ports: after updatePort 2`. */
export type CrashPoint = string;

interface Step {
  run: (context: WorkflowContext, task: object, start: object) => Promise<unknown>;
}

/** Nothing more happens for this server, as after the death of the process. */
class Died extends Error {}

export class CrashPoints {
  /** Steps that ran. Example: `boot schedule`. */
  readonly steps = new Set<string>();
  readonly #seen = new Map<string, CrashPoint[]>();
  readonly #dyingAt = new Map<string, CrashPoint>();
  readonly #dead = new Set<string>();
  readonly #stores = new WeakSet<Store>();
  readonly #restores: (() => void)[] = [];
  /** Of the next server that is created. */
  #nextDiesAt: CrashPoint | undefined;

  /** Watches all workflows of this process until `end`. */
  constructor() {
    for (const [kind, { steps }] of Object.entries(workflows)) {
      for (const [name, step] of Object.entries(steps as Record<string, Step>)) {
        this.#watch(`${kind} ${name}`, step);
      }
    }
  }

  /** Those of a server's workflows since this was called for it before, in order. */
  take(serverId: string): CrashPoint[] {
    const points = this.#seen.get(serverId) ?? [];
    this.#seen.delete(serverId);
    return points;
  }

  /** The workflows of this server stop at this point. */
  die(serverId: string, at: CrashPoint): void {
    this.#seen.delete(serverId);
    this.#dyingAt.set(serverId, at);
  }

  /** The same of the server whose first step comes next. */
  dieNext(at: CrashPoint): void {
    this.#nextDiesAt = at;
  }

  /** How many servers have reached the point at which they stop. */
  get died(): number {
    return this.#dead.size;
  }

  end(): void {
    for (const restore of this.#restores.splice(0)) restore();
  }

  #watch(name: string, step: Step): void {
    const { run } = step;
    this.#restores.push(() => void (step.run = run));
    step.run = async (context, task, start) => {
      const { serverId } = task as { serverId: string };
      if (this.#nextDiesAt !== undefined && !this.#seen.has(serverId)) {
        this.#dyingAt.set(serverId, this.#nextDiesAt);
        this.#nextDiesAt = undefined;
      }
      this.#watchStore(context.store);
      this.steps.add(name);
      if (this.#dead.has(serverId)) throw new Died();
      if (!this.#seen.has(serverId)) this.#reached(serverId, `${name}: begins`);
      const calls = new Map<string, number>();
      const watched = <Service extends object>(service: Service): Service =>
        new Proxy(service, {
          get: (target, key) => {
            const member: unknown = Reflect.get(target, key);
            if (typeof member !== 'function') return member;
            return async (...all: unknown[]) => {
              const result: unknown = await Reflect.apply(member, target, all);
              const number = (calls.get(String(key)) ?? 0) + 1;
              calls.set(String(key), number);
              this.#reached(serverId, `${name}: after ${String(key)} ${number}`);
              return result;
            };
          },
        });
      const { network, images } = context;
      const services = { network: watched(network), images: watched(images) };
      return run.call(step, { ...context, ...services }, task, start);
    };
  }

  /** The commits of all its tasks. */
  #watchStore(store: Store): void {
    if (this.#stores.has(store)) return;
    this.#stores.add(store);
    const commit = store.commit.bind(store);
    const createClaimed = store.servers.createClaimed.bind(store.servers);
    store.commit = async (transition) => {
      const { serverId, kind } = transition.task;
      const { step = '' } = transition.task as { step?: string };
      const name = `${kind} ${step}`;
      // The answer of a host is recorded without the step then.
      const isAnswer = transition.answer !== undefined;
      if (isAnswer && this.#isOver(serverId, `${name}: before its commit`)) {
        return { ok: false, why: 'superseded' };
      }
      if (!isAnswer) this.#reached(serverId, `${name}: before its commit`);
      const result = await commit(transition as Transition);
      if (!result.ok) return result;
      if (isAnswer) this.#isOver(serverId, `${name}: after its commit`);
      else this.#reached(serverId, `${name}: after its commit`);
      return result;
    };
    store.servers.createClaimed = async (quota, newServer, claim) => {
      const { id } = newServer.server;
      this.#reached(id, 'boot schedule: before its commit');
      const created = await createClaimed(quota, newServer, claim);
      if (created !== undefined) this.#reached(id, 'boot schedule: after its commit');
      return created;
    };
  }

  #reached(serverId: string, point: CrashPoint): void {
    if (this.#isOver(serverId, point)) throw new Died();
  }

  #isOver(serverId: string, point: CrashPoint): boolean {
    if (this.#dead.has(serverId)) return true;
    const seen = this.#seen.get(serverId) ?? [];
    this.#seen.set(serverId, [...seen, point]);
    if (this.#dyingAt.get(serverId) !== point) return false;
    this.#dead.add(serverId);
    return true;
  }
}

/** What a controller measures for Prometheus, and where each figure is counted. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import type { ActionEvent } from '#contracts/store/action.ts';
import type { Store, Transition } from '#contracts/store/store.ts';
import { isComputeError } from '#core/errors.ts';
import { version } from '../version.ts';

const requestSeconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const stepSeconds = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];
/** The result of a commit that another change of the host preceded, where it claims on the host. */
const refusedClaim = 'stale-claim';

/**
 * The metrics of one controller. Names and labels are described in docs/monitoring.md. Example:
 * `new Metrics().watchRequests(app, 'compute')`.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests = this.#histogram({
    name: 'novella_http_request_seconds',
    help: 'Time of the requests to our own services, until the reply was sent',
    labelNames: ['service', 'method', 'status'],
    buckets: requestSeconds,
  });
  readonly #commits = this.#histogram({
    name: 'novella_commit_seconds',
    help: 'Time of the commits of workflow steps',
    labelNames: ['result'],
    buckets: requestSeconds,
  });
  readonly #actions = this.counter({
    name: 'novella_workflows_total',
    help: 'Workflows that ended, such as boot, delete, attach and move',
    labelNames: ['workflow', 'outcome'],
  });
  readonly #steps = this.#histogram({
    name: 'novella_step_seconds',
    help: 'Time of the recorded steps of workflows; their names are those of server events',
    labelNames: ['step', 'result'],
    buckets: stepSeconds,
  });
  readonly #calls = this.#histogram({
    name: 'novella_service_call_seconds',
    help: 'Time of the calls to the network and image services',
    labelNames: ['service', 'call', 'result'],
    buckets: requestSeconds,
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.gauge({
      name: 'novella_info',
      help: 'Constant 1, with the version of Novella',
      labelNames: ['version'],
    }).set({ version }, 1);
  }

  /** A gauge that is set when it is scraped. */
  gauge<Label extends string>(config: {
    name: string;
    help: string;
    labelNames: Label[];
  }): Gauge<Label> {
    return new Gauge({ ...config, registers: [this.registry] });
  }

  /** Measures the requests to a service. */
  watchRequests(app: FastifyInstance, service: string): void {
    app.addHook('onResponse', (request, reply, done) => {
      // An event stream lasts as long as its reader is there.
      if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return done();
      const status = `${Math.floor(reply.statusCode / 100)}xx`;
      const { method } = request;
      this.#requests.observe({ service, method, status }, reply.elapsedTime / 1_000);
      done();
    });
  }

  /** The same store; its commits are measured, and what they record of workflows. */
  watchStore(store: Store): Store {
    return {
      ...store,
      servers: {
        ...store.servers,
        createClaimed: async (quota, newServer, claim) => {
          const create = () => store.servers.createClaimed(quota, newServer, claim);
          const server = await this.#measured(create, (made) =>
            made === undefined ? refusedClaim : 'committed',
          );
          if (server !== undefined) this.#stepsOf(claim.events);
          return server;
        },
      },
      commit: async (transition) => {
        const result = await this.#measured(
          () => store.commit(transition),
          (committed) => (committed.ok ? 'committed' : refusalOf(committed.why, transition)),
        );
        if (result.ok) this.#recorded(transition);
        return result;
      },
    };
  }

  async #measured<T>(commit: () => Promise<T>, resultOf: (value: T) => string): Promise<T> {
    const measured = this.#commits.startTimer();
    try {
      const value = await commit();
      measured({ result: resultOf(value) });
      return value;
    } catch (error) {
      measured({ result: isComputeError(error, 'conflict') ? 'conflict' : 'failed' });
      throw error;
    }
  }

  /** The same service; its calls are measured by the names of its methods. */
  watchCalls<Service extends object>(service: Service, name: string): Service {
    return new Proxy(service, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function' || typeof key !== 'string') return value;
        return (...args: unknown[]) => {
          const measured = this.#calls.startTimer({ service: name, call: key });
          const result: unknown = value.apply(target, args);
          if (!(result instanceof Promise)) return result;
          result.then(
            () => measured({ result: 'answered' }),
            (error: unknown) => measured({ result: isFault(error) ? 'failed' : 'refused' }),
          );
          return result;
        };
      },
    });
  }

  /** Everything as Prometheus reads it. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  #recorded({ task, next, outcome, events = [] }: Transition): void {
    if (next === null) {
      this.#actions.inc({ workflow: task.kind, outcome: outcome?.is ?? 'ended' });
    }
    this.#stepsOf(events);
  }

  #stepsOf(events: readonly ActionEvent[]): void {
    for (const { name, startedAt, finishedAt, result } of events) {
      if (finishedAt === null) continue;
      const seconds = Math.max(0, finishedAt - startedAt) / 1_000;
      this.#steps.observe({ step: name, result: result === 'Error' ? 'failed' : 'ok' }, seconds);
    }
  }

  #histogram<Label extends string>(config: {
    name: string;
    help: string;
    labelNames: Label[];
    buckets: number[];
  }): Histogram<Label> {
    return new Histogram({ ...config, registers: [this.registry] });
  }

  /** A counter; those of hosts are set when they are scraped. */
  counter<Label extends string>(config: {
    name: string;
    help: string;
    labelNames: Label[];
  }): Counter<Label> {
    return new Counter({ ...config, registers: [this.registry] });
  }
}

/** A refusal, such as of a port that does not exist, is an answer. */
function isFault(error: unknown): boolean {
  return !isComputeError(error) || error.kind === 'unavailable';
}

function refusalOf(why: string, { decision }: Transition): string {
  return why === 'stale-host' && decision !== undefined ? refusedClaim : why;
}

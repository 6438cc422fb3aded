/**
 * Consoles of the hosts that are linked to this process, or to another controller: requests to
 * their agents, and the connections that these open in answer. Nothing of it is stored.
 */
import type { Duplex } from 'node:stream';
import type { ConsoleKind, ConsolePlace } from '#contracts/host/guest-consoles.ts';
import type { ConsoleAnswer, ConsoleRequest } from '#contracts/host/host-link.ts';
import { ComputeError } from '#core/errors.ts';

type Send = (request: ConsoleRequest) => void;

interface LinkedHost {
  name: string;
  send: Send;
  /** What it has opened. */
  streams: Set<Duplex>;
}

interface Waiting {
  /** Only it may answer. */
  host: LinkedHost;
  projectId: string;
  answered: (answer: ConsoleAnswer) => void;
  opened: ((stream: Duplex) => void) | undefined;
  failed: (problem: Problem) => void;
}

type Problem = Pick<Extract<ConsoleAnswer, { problem: string }>, 'problem' | 'isConflict'>;

export interface GuestConsole {
  hostId: string;
  guestId: string;
  /** Of the guest's server. */
  projectId: string;
  kind: ConsoleKind;
}

/** The hosts that are linked to other controllers. */
export interface ConsolesElsewhere {
  /** How to request a console of a host; undefined: it is linked nowhere else. */
  linked(hostId: string): Promise<{ name: string; send: Send } | undefined>;
  /** The answer to a request of another controller. */
  answer(host: string, answer: ConsoleAnswer): void;
}

/** Requests of other controllers whose answers are awaited; the oldest are forgotten. */
const mostPassedOn = 1_000;

const longestWaitMs = 10_000;
/** Requests that have no answer yet. Those of one project leave room at a host for others. */
const mostWaiting = { ofProject: 32, ofHost: 64 };

export class HostConsoles {
  readonly #newId: () => string;
  readonly #hosts = new Map<string, LinkedHost>();
  readonly #waiting = new Map<string, Waiting>();

  readonly #elsewhere: ConsolesElsewhere | undefined;
  /** Hosts that are linked to other controllers, once a console of them was requested. */
  readonly #remote = new Map<string, LinkedHost>();
  /** The hosts of requests of other controllers, by the id of the request. */
  readonly #passedOn = new Map<string, string>();

  constructor(newId: () => string, elsewhere?: ConsolesElsewhere) {
    this.#newId = newId;
    this.#elsewhere = elsewhere;
  }

  /**
   * The host answers requests on this link. Returns the function that reports it as closed:
   * requests that wait for this host fail, and the consoles that were opened through it are closed.
   */
  linked(hostId: string, { name, send }: { name: string; send: Send }): () => void {
    const host: LinkedHost = { name, send, streams: new Set() };
    this.#hosts.set(hostId, host);
    return () => {
      if (this.#hosts.get(hostId) === host) this.#hosts.delete(hostId);
      for (const [id, waiting] of this.#waiting) {
        if (waiting.host !== host) continue;
        // Before a late connection can arrive, which nothing would close.
        this.#waiting.delete(id);
        waiting.failed({
          problem: 'the link of the guest’s host was closed; retry',
          isConflict: false,
        });
      }
      for (const stream of host.streams) stream.destroy();
    };
  }

  /**
   * Where the console is on its host; null: the guest has none. Throws `conflict` while it has none
   * because it does not run, `unavailable` when the host cannot be reached or does not answer, or
   * too many requests wait.
   */
  async find(of: GuestConsole): Promise<ConsolePlace | null> {
    return this.#request<ConsolePlace | null>(of, 'find', (done, failed) => ({
      answered: (answer) => {
        if ('place' in answer) done(answer.place);
        else failed(answer);
      },
      opened: undefined,
    }));
  }

  /** A new connection to the console. Throws as `find`. */
  async open(of: GuestConsole): Promise<Duplex> {
    return this.#request<Duplex>(of, 'open', (done, failed) => ({
      answered: (answer) => {
        if ('problem' in answer) failed(answer);
      },
      opened: done,
    }));
  }

  /** From the host of this name. One that nothing waits for is ignored. */
  answer(host: string, answer: ConsoleAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting?.host.name === host) waiting.answered(answer);
    if (this.#passedOn.get(answer.id) !== host) return;
    this.#passedOn.delete(answer.id);
    this.#elsewhere?.answer(host, answer);
  }

  /** A request of another controller, for a host that may be linked here. */
  passOn(hostId: string, request: ConsoleRequest): void {
    const host = this.#hosts.get(hostId);
    if (host === undefined) return;
    this.#passedOn.set(request.id, host.name);
    const [oldest] = this.#passedOn.keys();
    if (this.#passedOn.size > mostPassedOn && oldest !== undefined) this.#passedOn.delete(oldest);
    host.send(request);
  }

  async #hostElsewhere(hostId: string): Promise<LinkedHost | undefined> {
    const linked = await this.#elsewhere?.linked(hostId);
    if (linked === undefined) return undefined;
    const known = this.#remote.get(hostId);
    if (known?.name === linked.name) return known;
    const host: LinkedHost = { ...linked, streams: new Set() };
    this.#remote.set(hostId, host);
    return host;
  }

  /** The host was removed. */
  forget(hostId: string): void {
    this.#remote.delete(hostId);
  }

  /** Does a request wait for a connection with this id, from this host? */
  expects(host: string, id: string): boolean {
    const waiting = this.#waiting.get(id);
    return waiting?.host.name === host && waiting.opened !== undefined;
  }

  /** The connection that this host has opened for a request; one that none waits for is closed. */
  take(host: string, id: string, stream: Duplex): void {
    // Without a listener an error would end the process.
    stream.on('error', () => undefined);
    const waiting = this.#waiting.get(id);
    if (waiting?.host.name !== host || waiting.opened === undefined) return void stream.destroy();
    const { streams } = waiting.host;
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
    waiting.opened(stream);
  }

  async #request<Result>(
    { hostId, guestId, projectId, kind }: GuestConsole,
    act: ConsoleRequest['act'],
    waitFor: (
      done: (result: Result) => void,
      failed: Waiting['failed'],
    ) => Pick<Waiting, 'answered' | 'opened'>,
  ): Promise<Result> {
    const host = this.#hosts.get(hostId) ?? (await this.#hostElsewhere(hostId));
    if (host === undefined) {
      const message = `the host of guest ${guestId} is not linked, or its agent is older than the controller and opens no consoles`;
      throw new ComputeError('unavailable', message);
    }
    this.#refuseMoreWaiting(host, projectId);
    const id = this.#newId();
    const outcome = Promise.withResolvers<Result>();
    const failed = ({ problem, isConflict }: Problem): void => {
      outcome.reject(new ComputeError(isConflict ? 'conflict' : 'unavailable', problem));
    };
    const timer = setTimeout(() => {
      const seconds = longestWaitMs / 1_000;
      const problem = `the host of guest ${guestId} has not answered within ${seconds} s`;
      failed({ problem, isConflict: false });
    }, longestWaitMs);
    try {
      this.#waiting.set(id, { host, projectId, failed, ...waitFor(outcome.resolve, failed) });
      host.send({ id, act, guestId, kind });
      return await outcome.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  #refuseMoreWaiting(host: LinkedHost, projectId: string): void {
    const all = [...this.#waiting.values()];
    const { ofProject, ofHost } = mostWaiting;
    for (const [whose, limit, waiting] of [
      [`project ${projectId}`, ofProject, all.filter((one) => one.projectId === projectId)],
      ['the guest’s host', ofHost, all.filter((one) => one.host === host)],
    ] as const) {
      if (waiting.length < limit) continue;
      throw new ComputeError(
        'unavailable',
        `${limit} consoles of ${whose} are being opened; retry`,
      );
    }
  }
}

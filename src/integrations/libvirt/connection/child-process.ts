/**
 * The agent's end of the child that loads libvirt: starts it, calls it, and restarts it when it
 * crashes or hangs.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Log } from '#contracts/log.ts';
import { ComputeError } from '#core/errors.ts';
import { backoffMs } from '#runtime/backoff.ts';
import type {
  ChildMessage,
  DomainEvent,
  ProcedureName,
  Procedures,
} from '../child/child-messages.ts';
import { laneCounts, type LaneKind } from '../child/lanes.ts';
import { procedures } from '../child/procedures.ts';
import { LibvirtError } from './libvirt-error.ts';

export interface LibvirtChildOptions {
  uri: string;
  log: Log;
  /** The file that the child runs: `child/main.ts` or its bundled form. */
  childEntry?: string;
  /** The child's environment, for what libvirt's transports read (SSH, TLS). */
  environment?: Readonly<Record<string, string>>;
  /** Time limit of one call in milliseconds. */
  callLimitMs?: number;
}

/** What the child reports unprompted. */
export type ChildEvent =
  | { what: 'lost' | 'back' }
  | { what: 'event'; event: DomainEvent }
  | { what: 'node-device'; name: string };

/**
 * As many threads as can block in libvirt: each lane, opening, the event loop, and some for Node
 * itself.
 */
const threads = 22;

/** Saving writes the guest's entire memory to disk. Milliseconds. */
const slowLimits: Partial<Record<ProcedureName, number>> = {
  saveDomain: 3_600_000,
  startDomain: 1_800_000,
  // A large guest over a slow network.
  migrateDomain: 24 * 3_600_000,
};

const standardCallLimitMs = 120_000;
/** How long a child that works may take to reply to `ping`. Milliseconds. */
const pingLimitMs = 5_000;
/** How long a call waits for a connection that is being opened. Milliseconds. */
const connectionWaitMs = 15_000;
const restarts = { firstMs: 100, longestMs: 5_000 };

interface Call {
  procedure: ProcedureName;
  act: string;
  resolve: (value: never) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

type Connection = { is: 'connecting' | 'connected' } | { is: 'unreachable'; problem: string };

/** The child's default entry file: beside this one. */
const ownEntry = fileURLToPath(new URL('../child/main.ts', import.meta.url));

export class LibvirtChild {
  readonly #options: LibvirtChildOptions;
  readonly #calls = new Map<number, Call>();
  /** Calls over their limit, which still occupy lanes of the child. */
  readonly #overdue = new Map<number, LaneKind>();
  #pinged: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<(event: ChildEvent) => void>();
  readonly #awaited = new Set<() => void>();
  #process: ChildProcess;
  #connection: Connection = { is: 'connecting' };
  #lastCall = 0;
  #wasConnected = false;
  #isLost = false;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: LibvirtChildOptions) {
    this.#options = options;
    this.#process = this.#start();
  }

  /** For tests and diagnosis. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves once the first try to connect has succeeded or failed. */
  async firstTry(): Promise<void> {
    await this.#settled();
  }

  /**
   * Runs a procedure in the child. `act` is for messages. Throws LibvirtError with libvirt's
   * message, and `unavailable` when the hypervisor does not answer, the child ends, the call takes
   * too long, or calls that took too long still occupy all lanes of its kind.
   */
  async call<Name extends ProcedureName>(
    procedure: Name,
    args: Procedures[Name]['args'],
    act: string = procedure,
  ): Promise<Procedures[Name]['result']> {
    await this.#settled();
    if (this.#isClosed)
      throw new ComputeError('unavailable', `${act}: the connection to libvirt was closed`);
    if (this.#connection.is !== 'connected') throw this.#unreachable(act);
    this.#refuseWithoutLane(procedures[procedure].lane, act);
    const id = (this.#lastCall += 1);
    return new Promise<Procedures[Name]['result']>((resolve, reject) => {
      const limitMs = Math.max(this.#limitMs, slowLimits[procedure] ?? 0);
      const timer = setTimeout(() => this.#tooLong(id, limitMs), limitMs);
      this.#calls.set(id, { procedure, act, resolve, reject, timer });
      // If the child has just ended, its exit event reports that.
      this.#process.send({ id, procedure, args }, () => undefined);
    });
  }

  watch(listener: (event: ChildEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the child. Calls in flight fail. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#restart);
    this.#listeners.clear();
    this.#wake();
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    const killTimer = setTimeout(() => child.kill('SIGKILL'), 2_000);
    if (child.connected) child.send('close', () => undefined);
    await ended;
    clearTimeout(killTimer);
  }

  get #limitMs(): number {
    return this.#options.callLimitMs ?? standardCallLimitMs;
  }

  #start(): ChildProcess {
    const { childEntry = ownEntry, environment = {}, uri } = this.#options;
    const child = fork(childEntry, [uri], {
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        ...environment,
        UV_THREADPOOL_SIZE: `${threads}`,
      },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.on('message', (message: ChildMessage) => this.#hear(message));
    child.stderr?.on('data', (text: Buffer) => {
      this.#options.log.debug({ uri, text: text.toString().trim() }, 'libvirt child wrote');
    });
    child.once('error', (error) => this.#ended(child, error.message));
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `exit code ${code}`));
    return child;
  }

  #hear(message: ChildMessage): void {
    switch (message.is) {
      case 'result':
        this.#takeCall(message.id)?.resolve(message.value as never);
        return;
      case 'failure': {
        const call = this.#takeCall(message.id);
        call?.reject(new LibvirtError(call.act, message.failure));
        return;
      }
      case 'alive':
        clearTimeout(this.#pinged);
        this.#pinged = undefined;
        return;
      case 'event':
        this.#notify({ what: 'event', event: message.event });
        return;
      case 'node-device':
        this.#notify({ what: 'node-device', name: message.name });
        return;
      case 'connected':
        this.#failures = 0;
        this.#become({ is: 'connected' });
        return;
      case 'connecting':
        this.#become({ is: 'connecting' });
        return;
      case 'unreachable':
        this.#become(message);
        return;
      case 'closed':
        this.#process.kill('SIGKILL');
    }
  }

  #become(connection: Connection): void {
    this.#connection = connection;
    if (connection.is !== 'connecting') this.#wake();
    if (connection.is === 'connected') {
      if (this.#isLost) this.#notify({ what: 'back' });
      this.#isLost = false;
      this.#wasConnected = true;
      return;
    }
    if (this.#isLost || (connection.is === 'connecting' && !this.#wasConnected)) return;
    this.#isLost = true;
    const problem = connection.is === 'unreachable' ? connection.problem : 'the connection broke';
    this.#options.log.warn({ uri: this.#options.uri, problem }, 'libvirt does not answer');
    this.#notify({ what: 'lost' });
  }

  #wake(): void {
    const awaited = [...this.#awaited];
    this.#awaited.clear();
    for (const wake of awaited) wake();
  }

  /** Waits a limited time for a connection that is being opened. */
  async #settled(): Promise<void> {
    if (this.#connection.is !== 'connecting' || this.#isClosed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, connectionWaitMs);
      this.#awaited.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #unreachable(act: string): ComputeError {
    const { uri } = this.#options;
    const problem =
      this.#connection.is === 'unreachable'
        ? this.#connection.problem
        : 'it did not answer in time';
    return new ComputeError(
      'unavailable',
      `${act}: libvirtd at ${uri} does not answer: ${problem} (start it: systemctl start libvirtd)`,
    );
  }

  /** The call that this id belongs to, which is no longer in progress. */
  #takeCall(id: number): Call | undefined {
    const call = this.#calls.get(id);
    clearTimeout(call?.timer);
    this.#calls.delete(id);
    this.#overdue.delete(id);
    if (this.#overdue.size > 0 && !this.#isChanging()) this.#process.kill('SIGKILL');
    return call;
  }

  /** Whether a call is in progress that changes guests or networks. */
  #isChanging(): boolean {
    return [...this.#calls.values()].some(({ procedure }) => procedures[procedure].lane === 'act');
  }

  #refuseWithoutLane(lane: LaneKind, act: string): void {
    const occupied = [...this.#overdue.values()].filter((kind) => kind === lane).length;
    if (occupied < laneCounts[lane]) return;
    throw new ComputeError('unavailable', `${act}: libvirt has not answered earlier calls yet`);
  }

  /**
   * The child is restarted, unless that would break off a change: then it is restarted when the
   * last change has ended, or when the child itself hangs.
   */
  #tooLong(id: number, limitMs: number): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    this.#overdue.set(id, procedures[call.procedure].lane);
    const message = `${call.act}: libvirt did not answer within ${limitMs / 1_000} s`;
    call.reject(new ComputeError('unavailable', message));
    const when = this.#isChanging() ? 'after the changes in progress' : 'now';
    this.#options.log.error(
      { procedure: call.procedure },
      `${message}; its process is restarted ${when}`,
    );
    if (when === 'now') this.#process.kill('SIGKILL');
    else this.#ping();
  }

  #ping(): void {
    if (this.#pinged !== undefined) return;
    this.#pinged = setTimeout(() => this.#process.kill('SIGKILL'), pingLimitMs);
    this.#process.send('ping', () => undefined);
  }

  #ended(child: ChildProcess, how: string): void {
    if (child !== this.#process || this.#restart !== undefined) return;
    clearTimeout(this.#pinged);
    this.#pinged = undefined;
    this.#overdue.clear();
    for (const id of this.#calls.keys()) {
      const call = this.#takeCall(id);
      const message = `${call?.act}: the process with libvirt in it ended (${how})`;
      call?.reject(new ComputeError('unavailable', message));
    }
    if (this.#isClosed) {
      this.#wake();
      return;
    }
    // A connection that once worked is soon restored, so calls wait for it; otherwise they fail
    // with the reason.
    if (this.#connection.is === 'connected') this.#become({ is: 'connecting' });
    else if (this.#connection.is === 'connecting') {
      this.#become({ is: 'unreachable', problem: `the process with libvirt in it ended (${how})` });
    }
    this.#restart = setTimeout(
      () => {
        this.#restart = undefined;
        this.#process = this.#start();
      },
      backoffMs(restarts, this.#failures),
    );
    this.#failures += 1;
  }

  #notify(event: ChildEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/**
 * Answers the controller's requests for consoles: where one is, and connections to one. The agent
 * connects out, and only to the console that its own hypervisor has for that guest.
 */
import type { Duplex } from 'node:stream';
import type { ConsoleAnswer, ConsoleRequest } from '#contracts/host/host-link.ts';
import type { Log } from '#contracts/log.ts';
import { ComputeError, errorText, isComputeError } from '#core/errors.ts';
import { joinStreams } from '#runtime/streams/join-streams.ts';
import type { AgentOptions } from '../agent-options.ts';

export interface ConsoleRequestsOptions extends Pick<AgentOptions, 'consoles' | 'dialConsole'> {
  host: string;
  log: Log;
  answer: (answer: ConsoleAnswer) => void;
}

/** The controller has stricter limits; these end what it has forgotten. */
const limits = { idleMs: 2 * 3_600_000, stalledMs: 180_000 };
const mostOpen = 128;

export class ConsoleRequests {
  readonly #options: ConsoleRequestsOptions;
  readonly #open = new Set<Duplex>();
  /** A serial port has one reader: bytes that one has read no other gets. */
  readonly #serial = new Map<string, Duplex>();
  /** Open ones, and those that are being opened. */
  #count = 0;

  constructor(options: ConsoleRequestsOptions) {
    this.#options = options;
  }

  /** Never throws: a problem is the answer. */
  async take(request: ConsoleRequest): Promise<void> {
    const { id } = request;
    try {
      if (request.act === 'open') await this.#serve(request);
      else
        this.#options.answer({
          id,
          place: await this.#guests().find(request.guestId, request.kind),
        });
    } catch (error) {
      const isConflict = isComputeError(error, 'conflict') || isComputeError(error, 'notFound');
      this.#options.answer({ id, problem: errorText(error), isConflict });
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const stream of this.#open) stream.destroy();
  }

  #guests(): NonNullable<AgentOptions['consoles']> {
    const { consoles } = this.#options;
    if (consoles !== undefined) return consoles;
    throw new ComputeError('notImplemented', 'the guests of this host have no consoles');
  }

  /** Returns once it is connected. */
  async #serve(request: ConsoleRequest): Promise<void> {
    const { host, log } = this.#options;
    if (this.#count >= mostOpen) {
      throw new ComputeError('unavailable', `this host has ${mostOpen} open consoles, its limit`);
    }
    this.#count += 1;
    const release = (): void => {
      this.#count -= 1;
    };
    try {
      const { guest, controller } = await this.#connect(request);
      const about = { host, guest: request.guestId, console: request.kind };
      log.info(about, 'console opened');
      void joinStreams(controller, guest, limits).then((why) => {
        release();
        log.info({ ...about, why }, 'console closed');
      });
    } catch (error) {
      release();
      throw error;
    }
  }

  /** A newer connection to a serial port closes the older one. */
  async #connect({
    id,
    guestId,
    kind,
    at,
  }: ConsoleRequest): Promise<{ guest: Duplex; controller: Duplex }> {
    const { dialConsole } = this.#options;
    if (dialConsole === undefined) {
      throw new ComputeError('notImplemented', 'this agent opens no consoles');
    }
    if (kind === 'serial') this.#serial.get(guestId)?.destroy();
    const guest = this.#keep(await this.#guests().open(guestId, kind));
    if (kind === 'serial') this.#keepSerial(guestId, guest);
    try {
      return { guest, controller: this.#keep(await dialConsole(id, at)) };
    } catch (error) {
      guest.destroy();
      throw error;
    }
  }

  #keep(stream: Duplex): Duplex {
    this.#open.add(stream);
    stream.once('close', () => this.#open.delete(stream));
    // Without a listener an error would end the process.
    stream.on('error', () => undefined);
    return stream;
  }

  #keepSerial(guestId: string, stream: Duplex): void {
    this.#serial.get(guestId)?.destroy();
    this.#serial.set(guestId, stream);
    stream.once('close', () => {
      if (this.#serial.get(guestId) === stream) this.#serial.delete(guestId);
    });
  }
}

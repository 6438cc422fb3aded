/**
 * The commands of this host: each is executed once, those of one guest one after the other, and
 * each result is kept until the controller has it. Links may change in between.
 */
import type { CommandJournal, CommandKey, JournalEntry } from '#contracts/host/command-journal.ts';
import { type CommandResult, type HostCommand, questions } from '#contracts/host/host-link.ts';
import type { Log } from '#contracts/log.ts';
import { errorText } from '#core/errors.ts';
import { inRequest } from '#runtime/messages/current-request.ts';
import { ArrivingGuests } from './arriving-guests.ts';
import { executeCommand } from './execute-command.ts';
import type { GuestQueue } from './guest-queue.ts';
import type { HostParts } from '../host-parts.ts';

export interface CommandQueueOptions {
  parts: HostParts;
  journal: CommandJournal;
  log: Log;
  turns: GuestQueue;
  /** Called when a command of this guest begins. */
  expect: (guestId: string) => void;
  /** Called when it is done, and its result not yet reported. Never throws. */
  beforeResult: (guestId: string) => Promise<void>;
  /** Reports to the controller how a command ended, if there is a link now. May be repeated. */
  answer: (key: CommandKey, result: CommandResult) => void;
}

export class CommandQueue {
  readonly #options: CommandQueueOptions;
  /**
   * Ended, and the controller has not confirmed the result; `result` null: interrupted by the end
   * of an earlier agent.
   */
  readonly #kept: Map<string, JournalEntry>;
  readonly #running = new Set<string>();
  readonly #arriving: ArrivingGuests;
  #isStopped = false;

  private constructor(options: CommandQueueOptions, left: JournalEntry[]) {
    this.#options = options;
    this.#arriving = new ArrivingGuests(options);
    this.#kept = new Map(left.map((entry) => [nameOf(entry), entry]));
  }

  /** With the journal entries of earlier runs of the agent. */
  static async open(options: CommandQueueOptions): Promise<CommandQueue> {
    return new CommandQueue(options, await options.journal.read());
  }

  /**
   * Executes the command, unless that is in progress or done: then its result is reported again.
   */
  take(hostId: string, command: HostCommand): void {
    const key = { hostId, seq: command.seq };
    const name = nameOf(key);
    if (this.#running.has(name)) return;
    const kept = this.#kept.get(name);
    if (kept?.result != null) return this.#options.answer(key, kept.result);
    this.#running.add(name);
    const isDone = () => void this.#running.delete(name);
    // A question need not wait for commands that may take as long as a start.
    const { requestId, serverId, body } = command;
    const request = requestId === undefined ? undefined : { requestId };
    if (questions.includes(body.do)) {
      void inRequest(request, () => this.#reply(key, command)).finally(isDone);
    } else {
      const serve = () => this.#serve(key, command, kept !== undefined);
      this.#options.turns.take(serverId, () => inRequest(request, serve).finally(isDone));
    }
  }

  /**
   * A link to the controller that uses this host id is up: sends it every result that it may lack.
   */
  async resendResults(hostId: string): Promise<void> {
    for (const entry of this.#kept.values()) {
      if (entry.hostId !== hostId) await this.forget(entry);
      else if (entry.result !== null) this.#options.answer(entry, entry.result);
    }
  }

  /** The controller has confirmed the result. */
  async forget({ hostId, seq }: CommandKey): Promise<void> {
    this.#kept.delete(nameOf({ hostId, seq }));
    await this.#options.journal.remove({ hostId, seq }).catch((error: unknown) => {
      this.#options.log.warn(
        { err: error, seq },
        'cannot remove an acknowledged result from the journal',
      );
    });
  }

  /**
   * Returns when the commands in progress have ended; pending ones do not begin: they will be sent
   * again.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#arriving.stop();
    await this.#options.turns.ended();
  }

  async #reply(key: CommandKey, { body }: HostCommand): Promise<void> {
    this.#options.answer(key, await executeCommand(this.#options.parts, body));
  }

  async #serve(key: CommandKey, command: HostCommand, wasCutOff: boolean): Promise<void> {
    if (this.#isStopped) return;
    this.#options.expect(command.serverId);
    const result = wasCutOff ? cutOff(command) : await this.#carryOut(key, command);
    this.#arriving.ended(command, result);
    await this.#options.beforeResult(command.serverId);
    const entry = { ...key, result };
    this.#kept.set(nameOf(key), entry);
    try {
      await this.#options.journal.write(entry);
    } catch (error) {
      this.#options.log.error(
        { err: error, seq: key.seq },
        'a result could not be written to the journal; it is kept in memory only',
      );
    }
    this.#options.answer(key, result);
  }

  async #carryOut(key: CommandKey, { body }: HostCommand): Promise<CommandResult> {
    if (body.do === 'reboot') {
      try {
        await this.#options.journal.write({ ...key, result: null });
      } catch (error) {
        const message = `the guest was not rebooted: ${errorText(error)}`;
        return { ok: false, message, detail: '', steps: [] };
      }
    }
    return executeCommand(this.#options.parts, body);
  }
}

function nameOf({ hostId, seq }: CommandKey): string {
  return `${hostId} ${seq}`;
}

/** A guest that may have been rebooted is not rebooted again without its user's knowledge. */
function cutOff({ body }: HostCommand): CommandResult {
  const message = `the agent restarted while running "${body.do}": its outcome is unknown, retry if needed`;
  return { ok: false, message, detail: '', steps: [] };
}

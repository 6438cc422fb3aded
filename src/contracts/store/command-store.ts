/** Commands and queries to hosts, and their results. */
import type {
  CommandResult,
  HostCommand,
  HostCommandBody,
  HostQuestion,
} from '../host/host-link.ts';
import type { Lease, StoredTask } from './task.ts';

export interface NewCommand {
  hostId: string;
  serverId: string;
  body: HostCommandBody;
  requestId?: string | undefined;
}

/** How a command ended, once it has; its request is erased then. */
export interface StoredCommand extends Omit<HostCommand, 'body' | 'requestId'> {
  hostId: string;
  kind: HostCommandBody['do'];
  result: CommandResult | null;
}

/** A query to a host about one server's guest. */
export interface NewQuestion {
  hostId: string;
  serverId: string;
  body: HostQuestion;
  requestId?: string | undefined;
}

/** At least one. */
type CommandKinds = [HostCommandBody['do'], ...HostCommandBody['do'][]];

export interface CommandStore {
  /** Commands of a host that have no result yet, including queries, in order. */
  pending(hostId: string): Promise<HostCommand[]>;
  /** The same of several hosts, by host id; a host without such commands is absent. */
  pendingOf(hostIds: readonly string[]): Promise<Map<string, HostCommand[]>>;
  /** The number of the newest command without a result, by id of the hosts that have one. */
  newestPending(): Promise<Map<string, number>>;
  /**
   * Records how one ended; the answer to a server's newest command makes its parked task due. A
   * second result for a command is ignored, as is the answer to a deleted query. No task ever waits
   * for a query. `lease`: who runs that task, unless it is leased; returned is the task so leased,
   * with the command where that is the server's newest. `ifUnlinked`: does nothing while the host
   * is linked to a controller, or was never, and a host that links later does not get the command;
   * with `isNeverSent` also nothing where the command may have been sent.
   */
  complete(
    hostId: string,
    seq: number,
    result: CommandResult,
    at: {
      now: number;
      lease?: Lease | undefined;
      ifUnlinked?: { isNeverSent: boolean } | undefined;
    },
  ): Promise<{ task: StoredTask; answer: StoredCommand | undefined } | undefined>;
  /**
   * Adds a command that no workflow waits for; does nothing while the same host has one of its kind
   * for this server without a result, or while a workflow of the server waits for another host.
   */
  issue(command: NewCommand): Promise<void>;
  /**
   * Sends a query to a host; returns its number there. The caller must delete it in the end:
   * queries and answers are not kept.
   */
  ask(question: NewQuestion): Promise<number>;
  /** undefined: not answered yet. */
  answer(hostId: string, seq: number): Promise<CommandResult | undefined>;
  forget(hostId: string, seq: number): Promise<void>;
  /** Deletes every query; call only at start-up, when no caller can be waiting. */
  forgetQuestions(): Promise<void>;
  /** The newest command of these kinds for a server. */
  last(serverId: string, ...kinds: CommandKinds): Promise<StoredCommand | undefined>;
  /** The same of those for one host. */
  lastOn(
    at: { hostId: string; serverId: string },
    ...kinds: CommandKinds
  ): Promise<StoredCommand | undefined>;
}

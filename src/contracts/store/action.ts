/** What was done to a server, with its steps. */
import type { ErrorKind } from '#core/errors.ts';

/**
 * An event of an instance action. `result` null while it runs; recording the same name and start
 * again sets the result.
 * An action that records events without end keeps at least the newest 50 of each name.
 */
export interface ActionEvent {
  name: string;
  startedAt: number;
  finishedAt: number | null;
  result: 'Success' | 'Error' | null;
  details: string | null;
  host: string | null;
}

export interface Action {
  id: string;
  serverId: string;
  action: string;
  requestId: string;
  userId: string;
  projectId: string;
  startedAt: number;
  updatedAt: number;
  message: string | null;
  /** null: its workflow runs, or another took the server over, or it ended before this was kept. */
  outcome: ActionOutcome | null;
  events: ActionEvent[];
}

/**
 * How the workflow of an action ended. `refused`: the request cannot be met, and nothing has
 * changed; `failed`: it was begun, and its changes are undone.
 */
export type ActionOutcome =
  | { is: 'ok' }
  | { is: 'refused' | 'failed'; kind: ErrorKind; message: string };

/**
 * Filter: changed within these times, after the action of a request. Times are epoch milliseconds.
 */
export interface ActionPage {
  changedSince?: number;
  changedBefore?: number;
  /** A request's id. Throws `invalid` when none of the server's actions has it. */
  after?: string;
  limit?: number;
}

export type NewAction = Omit<Action, 'events' | 'updatedAt' | 'message' | 'outcome'>;

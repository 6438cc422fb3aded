/** The scheduler's decisions of all servers. Those of one are `servers.decisions`. */
import type { Decision } from '#core/scheduling/decision.ts';

export interface StoredDecision extends Decision {
  /** Numbers them in their order. */
  id: number;
}

/** Absent keys do not narrow. */
export interface DecisionPage {
  limit: number;
  /** Only those before this one. */
  before?: number;
  /** true: no host was left; false: one was chosen. */
  isRefused?: boolean;
  /** Only those that chose this host. */
  host?: string;
  serverId?: string;
}

export interface DecisionStore {
  /** Newest first. Of a large fleet each is large: read them one by one. */
  ids(page: DecisionPage): Promise<number[]>;
  /** undefined when unknown, pruned or unreadable. */
  get(id: number): Promise<StoredDecision | undefined>;
}

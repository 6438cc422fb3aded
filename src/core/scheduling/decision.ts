/** The scheduler's input and result for one server: stored, and printed by `novella explain`. */
import type { Reason } from '../reason.ts';

/** A host that passed every filter. Weights are after normalisation and multiplier. */
export interface Candidate {
  host: string;
  weight: number;
  weights: Record<string, number>;
}

/** A host that a filter refused. */
export interface Rejection {
  host: string;
  filter: string;
  reasons: Reason[];
}

/** `chosen` null: no host. `devices`: what was claimed there. Times are epoch milliseconds. */
export interface Decision {
  serverId: string;
  attempt: number;
  decidedAt: number;
  chosen: string | null;
  candidates: Candidate[];
  rejections: Rejection[];
  devices: { requestId: string; address: string; pool: string }[];
}

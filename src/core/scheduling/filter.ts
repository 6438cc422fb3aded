/** The shape of a filter and of a weigher: one file each in `filters/` and `weighers/`. */
import type { Reason } from '../reason.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';

/** Says yes (no reasons) or no (at least one) to one host for one request. */
export interface Filter {
  name: string;
  check(host: HostState, spec: RequestSpec): Reason[];
  /** Whether `check` would give no reason, for a filter whose reasons cost more than its answer. */
  passes?(host: HostState, spec: RequestSpec): boolean;
}

/** A number for one host; weights are normalised over the candidates, so only their order and spread count. */
export interface Weigher {
  name: string;
  multiplier: number;
  weigh(host: HostState, spec: RequestSpec): number;
}

/** The shape of a filter and of a weigher: one file each in `filters/` and `weighers/`. */
import type { Reason } from '../reason.ts';
import type { GroupPolicy } from '../servers/server-group.ts';
import type { HostState } from './host-state.ts';
import type { RequestSpec } from './request-spec.ts';
import type { WeigherName } from './weights.ts';

/** Accepts (no reasons) or refuses (at least one) one host for one request. */
export interface Filter {
  name: string;
  check(host: HostState, spec: RequestSpec): Reason[];
  /**
   * Whether `check` would return no reason; for a filter whose reasons cost more than its verdict.
   */
  passes?(host: HostState, spec: RequestSpec): boolean;
  /** Does it accept every host for this request? Absent: it may refuse one for any request. */
  isIdle?(spec: RequestSpec): boolean;
}

/**
 * A number for one host, scaled over the candidates to 0…1 and multiplied by the configured weight
 * of that name.
 */
export interface Weigher {
  name: WeigherName;
  /**
   * An amount: scaled by the greatest of the candidates, so that a small difference counts little.
   * Absent: the least counts 0 and the greatest 1.
   */
  fromZero?: true;
  /** The least is best. */
  prefersLess?: true;
  weigh(host: HostState): number;
}

/** A number for one host by the members of the server's group; for groups of this policy only. */
export interface GroupWeigher extends Omit<Weigher, 'weigh'> {
  policy: GroupPolicy;
  weigh(host: HostState, spec: RequestSpec): number;
}

/** Host aggregates. Each call is one transaction with the zones of the hosts that it changes. */
import type { Aggregate } from '#core/hosts/aggregate.ts';

export type NewAggregate = Pick<Aggregate, 'uuid' | 'name' | 'metadata'>;

/** `metadata` by key: null removes the key, keys not named stay. */
export interface AggregateChange {
  name?: string;
  metadata?: Record<string, string | null>;
}

export interface AggregateStore {
  /** In the order of creation. */
  list(): Promise<Aggregate[]>;
  get(id: number): Promise<Aggregate | undefined>;
  /** Throws `conflict` when another has this name. */
  create(made: NewAggregate): Promise<Aggregate>;
  /**
   * Throws `notFound`; `conflict` when another has the name; `invalid` when a host would be in two
   * zones, or would take its servers to another.
   */
  change(id: number, change: AggregateChange): Promise<Aggregate>;
  /** Throws `notFound`, and `invalid` while it has hosts. */
  remove(id: number): Promise<void>;
  /**
   * Adds the host of this name. Throws `notFound` for an unknown aggregate or host; `conflict` when
   * it is there already, would be in two zones, or would take its servers to another.
   */
  addHost(id: number, host: string): Promise<Aggregate>;
  /** Throws `notFound`, also when the host is not in it; `conflict` as `addHost`. */
  removeHost(id: number, host: string): Promise<Aggregate>;
}

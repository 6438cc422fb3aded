/**
 * Host aggregates: named sets of hosts with metadata that scheduling reads. The metadata key
 * `availability_zone` puts the hosts into a zone. Source: Nova host aggregates.
 */

/** `hosts`: names, in the order in which they were added. Times are epoch milliseconds. */
export interface Aggregate {
  /** Counts aggregates from 1; never used again. */
  id: number;
  uuid: string;
  name: string;
  metadata: Record<string, string>;
  hosts: string[];
  createdAt: number;
  /** null: its name and metadata are as they were made. */
  updatedAt: number | null;
}

/** What scheduling reads of an aggregate. */
export type HostAggregate = Pick<Aggregate, 'name' | 'metadata'>;

/** The zone of hosts that no aggregate puts into one. Source: Nova `default_availability_zone`. */
export const defaultZone = 'nova';

/** The key of the metadata that names a zone. */
export const zoneKey = 'availability_zone';

/** The zone that an aggregate gives its hosts; null: none. */
export function zoneOf({ metadata }: Pick<Aggregate, 'metadata'>): string | null {
  return metadata[zoneKey] ?? null;
}

/** The zone of a host in these aggregates, which agree in it. Example: none → `nova`. */
export function zoneOfHost(aggregates: readonly Pick<Aggregate, 'metadata'>[]): string {
  return aggregates.map(zoneOf).find((zone) => zone !== null) ?? defaultZone;
}

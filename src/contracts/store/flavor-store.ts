/** Flavors, and which projects may use the private ones. */
import type { Flavor } from '#core/servers/flavor.ts';

/** `extraSpecs` by key: null removes the key, keys not named stay. */
export interface FlavorChange {
  description?: string | null;
  extraSpecs?: Record<string, string | null>;
}

export interface FlavorStore {
  /** Throws `conflict` when another has this id or name. */
  create(flavor: Flavor): Promise<void>;
  /** Throws `conflict` for an existing flavor that cannot be read, with the reason as detail. */
  get(id: string): Promise<Flavor | undefined>;
  /** In the order of creation. */
  list(): Promise<Flavor[]>;
  /**
   * Makes the change in one transaction, so that two writers of different keys both succeed.
   * Returns the new state. Throws `notFound`.
   */
  update(id: string, change: FlavorChange): Promise<Flavor>;
  /** Throws `notFound`. */
  remove(id: string): Promise<void>;
}

/** Private flavors and the projects that may use them. An access is deleted with its flavor. */
export interface FlavorAccess {
  /** Ids of the projects that may use a flavor. */
  projects(flavorId: string): Promise<string[]>;
  /** Ids of the flavors that a project was given access to. */
  flavors(projectId: string): Promise<ReadonlySet<string>>;
  /** Throws `conflict` when the project has access. */
  grant(flavorId: string, projectId: string): Promise<void>;
  /** Throws `notFound` when it has no access. */
  revoke(flavorId: string, projectId: string): Promise<void>;
}

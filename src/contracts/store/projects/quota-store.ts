/** The limits that administrators set, over those that are configured. */
import type { Amounts } from '#core/quotas/check.ts';
import type { ComputeLimits, ComputeQuota, SetLimits } from '#core/quotas/compute-quotas.ts';
import type { ConfiguredQuotas } from '#core/quotas/limits.ts';
import type { Server } from '#core/servers/server.ts';

/** A project, or with `userId` a user in a project. */
export interface QuotaOwner {
  projectId: string;
  userId?: string | undefined;
}

/** How many servers a request may create at least; with fewer it is refused. */
export interface ServerQuota {
  configured: ConfiguredQuotas;
  minCount: number;
}

/** What counts of a new server. */
export interface CountedServer {
  server: Pick<Server, 'projectId' | 'userId' | 'flavor'>;
  groupId: string | null;
}

export interface QuotaStore {
  /** The limits in force. */
  limits(owner: QuotaOwner, configured: ConfiguredQuotas): Promise<ComputeLimits>;
  /** What is in use; what is counted neither for projects nor for users is absent. */
  usage(owner: QuotaOwner): Promise<Amounts<ComputeQuota>>;
  /**
   * Sets limits; those that are not named stay. Unless forced, throws `invalid` for one below the
   * usage, in the same transaction. Source: Nova `QuotaSetsController.update`.
   */
  set(
    owner: QuotaOwner,
    limits: SetLimits,
    how: { configured: ConfiguredQuotas; isForced: boolean },
  ): Promise<void>;
  /** The configured limits count again, for a project also those of its users. */
  clear(owner: QuotaOwner): Promise<void>;
  /** The limits set for a class. Those of `default` count for every project. */
  classLimits(name: string): Promise<SetLimits>;
  setClass(name: string, limits: SetLimits): Promise<void>;
  /**
   * How many of these servers of one flavor, group and owner may be created now. Throws
   * `overQuota` when fewer than `minCount`.
   */
  serversAllowed(newServers: readonly CountedServer[], quota: ServerQuota): Promise<number>;
}

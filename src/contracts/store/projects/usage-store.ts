/** Which servers ran in a period, for reports of usage. */
import type { Flavor } from '#core/servers/flavor.ts';
import type { Server } from '#core/servers/server.ts';

/** A server that was launched. */
export interface UsedServer
  extends Pick<Server, 'id' | 'name' | 'projectId' | 'vmState' | 'terminatedAt'> {
  flavor: Pick<Flavor, 'name' | 'vcpus' | 'memoryMib' | 'diskGib' | 'ephemeralGib'>;
  launchedAt: number;
}

/** Times are epoch milliseconds. */
export interface UsagePeriod {
  from: number;
  until: number;
}

export interface UsageStore {
  /**
   * Those that ran in a period, by project and then by id, deleted ones too until they are pruned;
   * after the server `after`. Throws `invalid` when that is unknown.
   */
  servers(
    period: UsagePeriod,
    page: { projectId?: string | undefined; after?: string | undefined; limit: number },
  ): Promise<UsedServer[]>;
}

/**
 * Hosts have NUMA nodes with their usage per server; a port may have a NUMA affinity policy for its
 * device.
 */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const numa: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('compute_nodes').addColumn('numa_topology', 'text').execute();
    await db.schema.alterTable('ports').addColumn('numa_affinity_policy', 'text').execute();
  },
};

/**
 * A host knows its NUMA nodes and who holds what of them; a port may say how near its device must
 * be.
 */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const numa: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('compute_nodes').addColumn('numa_topology', 'text').execute();
    await db.schema.alterTable('ports').addColumn('numa_affinity_policy', 'text').execute();
  },
};

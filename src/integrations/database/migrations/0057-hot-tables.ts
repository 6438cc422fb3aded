/** Storage of tables whose rows change often: see docs/decisions/0048-online-migrations.md. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { engineOf } from '../engine/per-engine.ts';

/** Their rows have room in their page for the next state, which then needs no new index entry. */
const updated = [
  'tasks',
  'compute_nodes',
  'pci_devices',
  'instances',
  'host_commands',
  'host_changes',
  'host_links',
  'controllers',
];

export const hotTables: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    if (engineOf(db) === 'sqlite') return;
    for (const table of updated) {
      await sql`
        alter table ${sql.table(table)} set (fillfactor = 70,
          autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 200,
          autovacuum_vacuum_cost_limit = 2000)`.execute(db);
    }
  },
};

/** Pages of hosts are read in the order of their numbers. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex } from '../engine/new-table.ts';

export const hostsByNumber: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newIndex(db, 'compute_nodes_by_number', 'compute_nodes', ['number']);
  },
};

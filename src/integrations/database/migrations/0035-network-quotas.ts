/** The limits of networks, subnets, ports and security groups that administrators set. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newTable } from '../engine/new-table.ts';

export const networkQuotas: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'network_quotas', {
      project_id: 'text',
      resource: 'text',
      hard_limit: 'integer',
    })
      .addPrimaryKeyConstraint('network_quotas_key', ['project_id', 'resource'])
      .execute();
  },
};

/** Networks, subnets, ports and security groups of the embedded network service have tags. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

const tagged = ['networks', 'subnets', 'ports', 'security_groups'];

export const networkTags: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const table of tagged) {
      await db.schema
        .alterTable(table)
        .addColumn('tags', 'text', (column) => column.notNull().defaultTo('[]'))
        .execute();
    }
  },
};

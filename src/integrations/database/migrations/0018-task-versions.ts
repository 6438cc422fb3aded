/**
 * A task row has the version of its data, its steps have their current names, and an action records
 * how its workflow ended.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Steps of a guest's removal, as boot and delete named them. */
const removal = {
  'destroy-guest': 'remove-guest',
  'guest-destroyed': 'guest-removed',
  'host-came-back': 'host-returned',
  'ask-again': 'remove-guest-again',
};

/** Steps of a NIC's removal, as attach and detach named them. */
const nicRemoval = {
  'take-off': 'detach-nic',
  'taken-off': 'nic-detached',
  unbind: 'unbind-ports',
};

/** Workflow → former name of a step → current name. Steps not listed keep theirs. */
export const renamedSteps: Record<string, Record<string, string>> = {
  boot: removal,
  delete: { ...removal, 'late-ports': 'delete-late-ports' },
  act: { 'tell-host': 'command-host' },
  attach: { bind: 'bind-ports', attached: 'nic-attached', ...nicRemoval },
  detach: nicRemoval,
};

export const taskVersions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('tasks')
      .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
      .execute();
    for (const [kind, steps] of Object.entries(renamedSteps)) {
      for (const [before, since] of Object.entries(steps)) {
        await sql`update tasks set step = ${since}
          where kind = ${kind} and step = ${before}`.execute(db);
      }
    }
    await db.schema.alterTable('instance_actions').addColumn('outcome', 'text').execute();
    await db.schema.alterTable('instance_actions').addColumn('outcome_kind', 'text').execute();
  },
};

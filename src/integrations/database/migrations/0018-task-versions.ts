/**
 * A task row says which version of its data it has, its steps have the names of today, and an
 * action says how its workflow ended.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Steps of a guest's removal, as boot and delete had them. */
const removal = {
  'destroy-guest': 'remove-guest',
  'guest-destroyed': 'guest-removed',
  'host-came-back': 'host-returned',
  'ask-again': 'remove-guest-again',
};

/** Steps of a NIC's removal, as attach and detach had them. */
const nicRemoval = {
  'take-off': 'detach-nic',
  'taken-off': 'nic-detached',
  unbind: 'unbind-ports',
};

/** Workflow → name of a step before → its name since. Steps that are not here keep theirs. */
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

/** A cloud keeps an administrator who can sign in. */
import { ComputeError } from '#core/errors.ts';
import type { Db } from './tables.ts';
import { inTransaction } from '../../engine/transaction.ts';

/**
 * Runs a change in a transaction. Throws `forbidden`, and changes nothing, if it would leave no
 * administrator where there is one.
 */
export async function keepAdministrator<T>(db: Db, change: (step: Db) => Promise<T>): Promise<T> {
  return inTransaction(db, async (step) => {
    const before = await hasAdministrator(step);
    const result = await change(step);
    if (!before || (await hasAdministrator(step))) return result;
    throw new ComputeError(
      'forbidden',
      "The change would leave the cloud without an administrator: an enabled user with a password must have the role 'admin' on an enabled project.",
    );
  });
}

async function hasAdministrator(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom('identityRoleAssignments as grant')
    .innerJoin('identityRoles as role', 'role.id', 'grant.roleId')
    .innerJoin('identityUsers as user', 'user.id', 'grant.userId')
    .innerJoin('identityProjects as project', 'project.id', 'grant.projectId')
    .select('grant.userId')
    .where('role.name', '=', 'admin')
    .where('user.enabled', '=', 1)
    .where('user.passwordHash', '<>', '')
    .where('project.enabled', '=', 1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The roles of the identity store, and who has which. */
import type { Insertable } from 'kysely';
import type { RoleAssignment, StoredRole } from '#contracts/store/identity-store.ts';
import { prepared, preparedChange } from '../../rows/prepared.ts';
import { refuseDuplicate } from '../../engine/unique-violation.ts';
import { keepAdministrator } from './administrators.ts';
import { removeCredential } from './application-credentials.ts';
import { type Db, duplicate, type Part } from './tables.ts';

const addRole = preparedChange((db: Db, row: Insertable<StoredRole>) =>
  db.insertInto('identityRoles').values(row),
);
const allRoles = prepared((db: Db) => db.selectFrom('identityRoles').selectAll().orderBy('name'));
const grant = preparedChange((db: Db, row: Insertable<RoleAssignment>) =>
  db
    .insertInto('identityRoleAssignments')
    .values(row)
    .onConflict((conflict) => conflict.doNothing()),
);
const assignments = prepared((db: Db) => db.selectFrom('identityRoleAssignments').selectAll());
const assignmentsOfUser = prepared((db: Db, given: { userId: string }) =>
  db.selectFrom('identityRoleAssignments').selectAll().where('userId', '=', given.userId),
);
const assignmentsOn = prepared((db: Db, given: { projectId: string }) =>
  db.selectFrom('identityRoleAssignments').selectAll().where('projectId', '=', given.projectId),
);
const assignmentsOfUserOn = prepared((db: Db, given: { userId: string; projectId: string }) =>
  db
    .selectFrom('identityRoleAssignments')
    .selectAll()
    .where('userId', '=', given.userId)
    .where('projectId', '=', given.projectId),
);

/** Roles and their assignments. */
export function roles(
  db: Db,
): Part<'addRole' | 'roles' | 'changeRole' | 'removeRole' | 'grant' | 'revoke' | 'assignments'> {
  return {
    async addRole(role) {
      await refuseDuplicate(duplicate('role', role.name), () => addRole(db, role, {}));
    },
    async roles() {
      return (await allRoles(db, {})).rows;
    },
    async changeRole(id, change) {
      if (Object.keys(change).length === 0) return;
      await refuseDuplicate(duplicate('role', change.name ?? ''), () =>
        db.updateTable('identityRoles').set(change).where('id', '=', id).execute(),
      );
    },
    async removeRole(id) {
      await keepAdministrator(db, async (step) => {
        const holders = await step
          .selectFrom('identityApplicationCredentials')
          .select(['id', 'roleIds'])
          .where('roleIds', 'like', `%"${id}"%`)
          .execute();
        for (const holder of holders) await removeCredential(step, holder.id);
        await step.deleteFrom('identityRoleAssignments').where('roleId', '=', id).execute();
        await step.deleteFrom('identityRoles').where('id', '=', id).execute();
      });
    },
    async revoke({ userId, projectId, roleId }) {
      return keepAdministrator(db, async (step) => {
        const { numDeletedRows } = await step
          .deleteFrom('identityRoleAssignments')
          .where('userId', '=', userId)
          .where('projectId', '=', projectId)
          .where('roleId', '=', roleId)
          .executeTakeFirst();
        if (numDeletedRows === 0n) return false;
        const credentials = await step
          .selectFrom('identityApplicationCredentials')
          .select('id')
          .where('userId', '=', userId)
          .where('projectId', '=', projectId)
          .execute();
        for (const { id } of credentials) await removeCredential(step, id);
        return true;
      });
    },
    async grant(assignment) {
      await grant(db, assignment, {});
    },
    async assignments({ userId, projectId }) {
      const { rows } =
        userId === undefined
          ? await (projectId === undefined ? assignments(db, {}) : assignmentsOn(db, { projectId }))
          : await (projectId === undefined
              ? assignmentsOfUser(db, { userId })
              : assignmentsOfUserOn(db, { userId, projectId }));
      return rows;
    },
  };
}

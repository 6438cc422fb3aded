/** The users of the identity store. */
import type { Insertable } from 'kysely';
import { prepared, preparedChange } from '../../rows/prepared.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { refuseDuplicate } from '../../engine/unique-violation.ts';
import { keepAdministrator } from './administrators.ts';
import {
  type Db,
  duplicate,
  type IdentityTables,
  type Named,
  type Part,
  userShape,
} from './tables.ts';

const addUser = preparedChange((db: Db, row: Insertable<IdentityTables['identityUsers']>) =>
  db.insertInto('identityUsers').values(row),
);
const removeTokensOf = prepared((db: Db, given: { userId: string }) =>
  db.deleteFrom('identityTokens').where('userId', '=', given.userId),
);
const userOf = prepared((db: Db, given: { id: string }) =>
  db.selectFrom('identityUsers').selectAll().where('id', '=', given.id),
);
const userNamed = prepared((db: Db, given: Named) =>
  db
    .selectFrom('identityUsers')
    .selectAll()
    .where('name', '=', given.name)
    .where('domainId', '=', given.domainId),
);
const allUsers = prepared((db: Db) => db.selectFrom('identityUsers').selectAll().orderBy('name'));

/** Users: read, written and removed. */
export function users(
  db: Db,
): Part<'addUser' | 'changeUser' | 'removeUser' | 'user' | 'userNamed' | 'users'> {
  return {
    async addUser(user) {
      const row = userShape.toRow(user);
      await refuseDuplicate(duplicate('user', user.name, user.domainId), () =>
        addUser(db, row, {}),
      );
    },
    async changeUser(id, change) {
      const row = userShape.toPartialRow(change);
      if (Object.keys(row).length === 0) return;
      await refuseDuplicate(duplicate('user', change.name ?? '', 'default'), () =>
        keepAdministrator(db, async (step) => {
          await step.updateTable('identityUsers').set(row).where('id', '=', id).execute();
          const isShutOut = change.passwordHash !== undefined || change.enabled === false;
          if (isShutOut) await removeTokensOf(step, { userId: id });
        }),
      );
    },
    async removeUser(id) {
      await keepAdministrator(db, async (step) => {
        await removeTokensOf(step, { userId: id });
        for (const table of [
          'identityApplicationCredentials',
          'identityRoleAssignments',
        ] as const) {
          await step.deleteFrom(table).where('userId', '=', id).execute();
        }
        await step.deleteFrom('identityUsers').where('id', '=', id).execute();
      });
    },
    async user(id) {
      const [row] = (await userOf(db, { id })).rows;
      return row && userShape.fromRow(row);
    },
    async userNamed(name, domainId) {
      const [row] = (await userNamed(db, { name, domainId })).rows;
      return row && userShape.fromRow(row);
    },
    async users() {
      return readRows('users', (await allUsers(db, {})).rows, userShape.fromRow);
    },
  };
}

/** The identity store in SQL. */
import { CamelCasePlugin, type Kysely } from 'kysely';
import type {
  IdentityStore,
  RoleAssignment,
  StoredProject,
  StoredRole,
  StoredToken,
  StoredUser,
} from '#contracts/store/identity-store.ts';
import { readRows } from '../rows/readable-rows.ts';
import { type RowOf, rowShape } from '../rows/row-shape.ts';
import { refuseDuplicate } from '../sqlite/unique-violation.ts';

export interface IdentityTables {
  identityProjects: RowOf<StoredProject, 'enabled'>;
  identityUsers: RowOf<StoredUser, 'enabled'>;
  identityRoles: StoredRole;
  identityRoleAssignments: RoleAssignment;
  identityTokens: RowOf<StoredToken, never, 'methods'>;
}

const projectShape = rowShape<StoredProject>()(['enabled'], {});
const userShape = rowShape<StoredUser>()(['enabled'], {});
const tokenShape = rowShape<StoredToken>()([], { methods: '[]' });

/** The identity store over a database that has migration 0003. */
export function createIdentityStore<Tables>(database: Kysely<Tables>): IdentityStore {
  const db = database.withPlugin(new CamelCasePlugin()) as unknown as Kysely<IdentityTables>;
  return { ...projects(db), ...users(db), ...roles(db), ...tokens(db) };
}

type Part<Names extends keyof IdentityStore> = Pick<IdentityStore, Names>;

function projects(
  db: Kysely<IdentityTables>,
): Part<'addProject' | 'project' | 'projectNamed' | 'projects'> {
  const all = () => db.selectFrom('identityProjects').selectAll();
  return {
    async addProject(project) {
      const row = projectShape.toRow(project);
      await refuseDuplicate(`project '${project.name}' exists already in its domain`, () =>
        db.insertInto('identityProjects').values(row).execute(),
      );
    },
    async project(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && projectShape.fromRow(row);
    },
    async projectNamed(name, domainId) {
      const named = all().where('name', '=', name).where('domainId', '=', domainId);
      const row = await named.executeTakeFirst();
      return row && projectShape.fromRow(row);
    },
    async projects() {
      return readRows('projects', await all().orderBy('name').execute(), projectShape.fromRow);
    },
  };
}

function users(
  db: Kysely<IdentityTables>,
): Part<'addUser' | 'setPasswordHash' | 'user' | 'userNamed' | 'users'> {
  const all = () => db.selectFrom('identityUsers').selectAll();
  return {
    async addUser(user) {
      const row = userShape.toRow(user);
      await refuseDuplicate(`user '${user.name}' exists already in its domain`, () =>
        db.insertInto('identityUsers').values(row).execute(),
      );
    },
    async setPasswordHash(userId, passwordHash) {
      await db.transaction().execute(async (step) => {
        const user = step.updateTable('identityUsers').where('id', '=', userId);
        await user.set({ passwordHash }).execute();
        await step.deleteFrom('identityTokens').where('userId', '=', userId).execute();
      });
    },
    async user(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && userShape.fromRow(row);
    },
    async userNamed(name, domainId) {
      const named = all().where('name', '=', name).where('domainId', '=', domainId);
      const row = await named.executeTakeFirst();
      return row && userShape.fromRow(row);
    },
    async users() {
      return readRows('users', await all().orderBy('name').execute(), userShape.fromRow);
    },
  };
}

function roles(db: Kysely<IdentityTables>): Part<'addRole' | 'roles' | 'grant' | 'assignments'> {
  return {
    async addRole(role) {
      await refuseDuplicate(`role '${role.name}' exists already`, () =>
        db.insertInto('identityRoles').values(role).execute(),
      );
    },
    async roles() {
      return db.selectFrom('identityRoles').selectAll().orderBy('name').execute();
    },
    async grant(assignment) {
      await db
        .insertInto('identityRoleAssignments')
        .values(assignment)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async assignments({ userId, projectId }) {
      let query = db.selectFrom('identityRoleAssignments').selectAll();
      if (userId !== undefined) query = query.where('userId', '=', userId);
      if (projectId !== undefined) query = query.where('projectId', '=', projectId);
      return query.execute();
    },
  };
}

function tokens(db: Kysely<IdentityTables>): Part<'addToken' | 'token' | 'removeToken'> {
  return {
    async addToken(token, dropExpiredBefore) {
      await db.transaction().execute(async (step) => {
        await step
          .deleteFrom('identityTokens')
          .where('expiresAt', '<', dropExpiredBefore)
          .execute();
        await step.insertInto('identityTokens').values(tokenShape.toRow(token)).execute();
      });
    },
    async token(digest) {
      const one = db.selectFrom('identityTokens').selectAll().where('digest', '=', digest);
      const row = await one.executeTakeFirst();
      return row && tokenShape.fromRow(row);
    },
    async removeToken(digest) {
      await db.deleteFrom('identityTokens').where('digest', '=', digest).execute();
    },
  };
}

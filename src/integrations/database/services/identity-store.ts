/** The identity store in SQL. */
import { CamelCasePlugin, type Insertable, type Kysely } from 'kysely';
import type {
  IdentityStore,
  RoleAssignment,
  StoredProject,
  StoredRole,
  StoredToken,
  StoredUser,
} from '#contracts/store/identity-store.ts';
import { prepared, preparedChange } from '../rows/prepared.ts';
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

type Db = Kysely<IdentityTables>;
type Part<Names extends keyof IdentityStore> = Pick<IdentityStore, Names>;

/** The identity store over a database that has migration 0003. */
export function createIdentityStore<Tables>(database: Kysely<Tables>): IdentityStore {
  const db = database.withPlugin(new CamelCasePlugin()) as unknown as Db;
  return { ...projects(db), ...users(db), ...roles(db), ...tokens(db) };
}

const addProject = preparedChange((db: Db, row: Insertable<IdentityTables['identityProjects']>) =>
  db.insertInto('identityProjects').values(row),
);
const projectOf = prepared((db: Db, given: { id: string }) =>
  db.selectFrom('identityProjects').selectAll().where('id', '=', given.id),
);
const projectNamed = prepared((db: Db, given: Named) =>
  db
    .selectFrom('identityProjects')
    .selectAll()
    .where('name', '=', given.name)
    .where('domainId', '=', given.domainId),
);
const allProjects = prepared((db: Db) =>
  db.selectFrom('identityProjects').selectAll().orderBy('name'),
);

/** A type, not an interface, which would have no index signature. */
type Named = { name: string; domainId: string };

function projects(db: Db): Part<'addProject' | 'project' | 'projectNamed' | 'projects'> {
  return {
    async addProject(project) {
      const row = projectShape.toRow(project);
      await refuseDuplicate(`project '${project.name}' exists already in its domain`, () =>
        addProject(db, row, {}),
      );
    },
    async project(id) {
      const [row] = (await projectOf(db, { id })).rows;
      return row && projectShape.fromRow(row);
    },
    async projectNamed(name, domainId) {
      const [row] = (await projectNamed(db, { name, domainId })).rows;
      return row && projectShape.fromRow(row);
    },
    async projects() {
      return readRows('projects', (await allProjects(db, {})).rows, projectShape.fromRow);
    },
  };
}

const addUser = preparedChange((db: Db, row: Insertable<IdentityTables['identityUsers']>) =>
  db.insertInto('identityUsers').values(row),
);
const changePassword = prepared((db: Db, given: { id: string; passwordHash: string }) =>
  db
    .updateTable('identityUsers')
    .set({ passwordHash: given.passwordHash })
    .where('id', '=', given.id),
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

function users(db: Db): Part<'addUser' | 'setPasswordHash' | 'user' | 'userNamed' | 'users'> {
  return {
    async addUser(user) {
      const row = userShape.toRow(user);
      await refuseDuplicate(`user '${user.name}' exists already in its domain`, () =>
        addUser(db, row, {}),
      );
    },
    async setPasswordHash(userId, passwordHash) {
      await db.transaction().execute(async (step) => {
        await changePassword(step, { id: userId, passwordHash });
        await removeTokensOf(step, { userId });
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

function roles(db: Db): Part<'addRole' | 'roles' | 'grant' | 'assignments'> {
  return {
    async addRole(role) {
      await refuseDuplicate(`role '${role.name}' exists already`, () => addRole(db, role, {}));
    },
    async roles() {
      return (await allRoles(db, {})).rows;
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

const addToken = preparedChange((db: Db, row: Insertable<IdentityTables['identityTokens']>) =>
  db.insertInto('identityTokens').values(row),
);
const removeExpired = prepared((db: Db, given: { before: number }) =>
  db.deleteFrom('identityTokens').where('expiresAt', '<', given.before),
);
const tokenOf = prepared((db: Db, given: { digest: string }) =>
  db.selectFrom('identityTokens').selectAll().where('digest', '=', given.digest),
);
const removeToken = prepared((db: Db, given: { digest: string }) =>
  db.deleteFrom('identityTokens').where('digest', '=', given.digest),
);

function tokens(db: Db): Part<'addToken' | 'token' | 'removeToken'> {
  return {
    async addToken(token, dropExpiredBefore) {
      await db.transaction().execute(async (step) => {
        await removeExpired(step, { before: dropExpiredBefore });
        await addToken(step, tokenShape.toRow(token), {});
      });
    },
    async token(digest) {
      const [row] = (await tokenOf(db, { digest })).rows;
      return row && tokenShape.fromRow(row);
    },
    async removeToken(digest) {
      await removeToken(db, { digest });
    },
  };
}

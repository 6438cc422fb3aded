/** The projects of the identity store. */
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
  projectShape,
} from './tables.ts';

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

/** Projects: read, written and removed. */
export function projects(
  db: Db,
): Part<
  'addProject' | 'project' | 'projectNamed' | 'projects' | 'changeProject' | 'removeProject'
> {
  return {
    async addProject(project) {
      const row = projectShape.toRow(project);
      await refuseDuplicate(duplicate('project', project.name, project.domainId), () =>
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
    async changeProject(id, change) {
      const row = projectShape.toPartialRow(change);
      if (Object.keys(row).length === 0) return;
      await refuseDuplicate(duplicate('project', change.name ?? '', 'default'), () =>
        keepAdministrator(db, async (step) => {
          await step.updateTable('identityProjects').set(row).where('id', '=', id).execute();
          if (change.enabled === false) await removeTokens(step, id);
        }),
      );
    },
    async removeProject(id) {
      await keepAdministrator(db, async (step) => {
        await removeTokens(step, id);
        for (const table of [
          'identityApplicationCredentials',
          'identityRoleAssignments',
        ] as const) {
          await step.deleteFrom(table).where('projectId', '=', id).execute();
        }
        await step
          .updateTable('identityUsers')
          .set({ defaultProjectId: null })
          .where('defaultProjectId', '=', id)
          .execute();
        await step.deleteFrom('identityProjects').where('id', '=', id).execute();
      });
    },
  };
}

async function removeTokens(db: Db, projectId: string): Promise<void> {
  await db.deleteFrom('identityTokens').where('projectId', '=', projectId).execute();
}

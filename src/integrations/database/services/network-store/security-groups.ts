/** Security groups and their rules in SQL. */
import { type Insertable, type Kysely, sql, type Updateable } from 'kysely';
import type { NetworkRows } from '#contracts/store/network-store.ts';
import { writeChanges } from '../../rows/changed-columns.ts';
import { prepared, preparedChange } from '../../rows/prepared.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { isInList } from '../../engine/dialect.ts';
import { refuseDuplicate } from '../../engine/unique-violation.ts';
import { type NetworkTables, securityGroupRuleShape, securityGroupShape } from './tables.ts';

type Db = Kysely<NetworkTables>;
type GroupRow = NetworkTables['securityGroups'];
type RuleRow = NetworkTables['securityGroupRules'];
type GroupPart = Pick<
  NetworkRows,
  | 'addSecurityGroup'
  | 'securityGroup'
  | 'defaultSecurityGroup'
  | 'securityGroups'
  | 'securityGroupsOf'
  | 'updateSecurityGroup'
  | 'removeSecurityGroup'
>;
type RulePart = Pick<
  NetworkRows,
  | 'addSecurityGroupRule'
  | 'securityGroupRules'
  | 'securityGroupRulesOf'
  | 'securityGroupRule'
  | 'removeSecurityGroupRule'
>;

export function securityGroupRows(db: Db): GroupPart & RulePart {
  return { ...groupPart(db), ...rulePart(db) };
}

const addGroup = preparedChange((db: Db, row: Insertable<GroupRow>) =>
  db.insertInto('securityGroups').values(row),
);
const groupOf = prepared((db: Db, given: { id: string }) =>
  db.selectFrom('securityGroups').selectAll().where('id', '=', given.id),
);
const defaultGroupOf = prepared((db: Db, given: { projectId: string }) =>
  db
    .selectFrom('securityGroups')
    .selectAll()
    .where('projectId', '=', given.projectId)
    // A literal, as in the index of only these: SQLite prepares a statement again for each value
    // that might fit such an index.
    .where('name', '=', sql.lit('default')),
);
const allGroups = prepared((db: Db) =>
  db.selectFrom('securityGroups').selectAll().orderBy('createdAt').orderBy('id'),
);
const groupsOfProject = prepared((db: Db, given: { projectId: string }) =>
  db
    .selectFrom('securityGroups')
    .selectAll()
    .where('projectId', '=', given.projectId)
    .orderBy('createdAt')
    .orderBy('id'),
);
const groupsOfIds = prepared((db: Db, given: { ids: string }) =>
  db.selectFrom('securityGroups').selectAll().where(isInList('id', given.ids)),
);
const changeGroup = preparedChange(
  (db: Db, columns: Updateable<GroupRow>, given: { key: string }) =>
    db.updateTable('securityGroups').set(columns).where('id', '=', given.key),
);
const removeGroup = prepared((db: Db, given: { id: string }) =>
  db.deleteFrom('securityGroups').where('id', '=', given.id),
);

function groupPart(db: Db): GroupPart {
  return {
    async addSecurityGroup(group, rules) {
      await refuseDuplicate(`security group 'default' exists already in its project`, () =>
        addGroup(db, securityGroupShape.toRow(group), {}),
      );
      if (rules.length > 0) await db.insertInto('securityGroupRules').values(rules).execute();
    },
    async securityGroup(id) {
      const [row] = (await groupOf(db, { id })).rows;
      return row && securityGroupShape.fromAnyRow(row);
    },
    async defaultSecurityGroup(projectId) {
      const [row] = (await defaultGroupOf(db, { projectId })).rows;
      return row && securityGroupShape.fromAnyRow(row);
    },
    async securityGroups(projectId) {
      const { rows } =
        projectId === undefined
          ? await allGroups(db, {})
          : await groupsOfProject(db, { projectId });
      return readRows('security_groups', rows, securityGroupShape.fromRow);
    },
    async securityGroupsOf(ids) {
      const { rows } = await groupsOfIds(db, { ids: JSON.stringify(ids) });
      return rows.map(securityGroupShape.fromAnyRow);
    },
    async updateSecurityGroup(group, before) {
      const rows = {
        before: before && securityGroupShape.toRow(before),
        after: securityGroupShape.toRow(group),
      };
      await writeChanges(rows, (columns) => changeGroup(db, columns, { key: group.id }));
    },
    async removeSecurityGroup(id) {
      await removeGroup(db, { id });
    },
  };
}

const addRule = preparedChange((db: Db, row: Insertable<RuleRow>) =>
  db.insertInto('securityGroupRules').values(row),
);
const ruleOf = prepared((db: Db, given: { id: string }) =>
  db.selectFrom('securityGroupRules').selectAll().where('id', '=', given.id),
);
const allRules = prepared((db: Db) =>
  db.selectFrom('securityGroupRules').selectAll().orderBy('createdAt').orderBy('id'),
);
const rulesOfProject = prepared((db: Db, given: { projectId: string }) =>
  db
    .selectFrom('securityGroupRules')
    .selectAll()
    .where('projectId', '=', given.projectId)
    .orderBy('createdAt')
    .orderBy('id'),
);
const rulesOfGroups = prepared((db: Db, given: { groupIds: string }) =>
  db
    .selectFrom('securityGroupRules')
    .selectAll()
    .where(isInList('securityGroupId', given.groupIds))
    .orderBy('createdAt')
    .orderBy('id'),
);
const removeRule = prepared((db: Db, given: { id: string }) =>
  db.deleteFrom('securityGroupRules').where('id', '=', given.id),
);

function rulePart(db: Db): RulePart {
  return {
    async addSecurityGroupRule(rule) {
      await addRule(db, rule, {});
    },
    async securityGroupRules(projectId) {
      const { rows } =
        projectId === undefined ? await allRules(db, {}) : await rulesOfProject(db, { projectId });
      return readRows('security_group_rules', rows, securityGroupRuleShape.fromRow);
    },
    async securityGroupRulesOf(groupIds) {
      const { rows } = await rulesOfGroups(db, { groupIds: JSON.stringify(groupIds) });
      return readRows('security_group_rules', rows, securityGroupRuleShape.fromRow);
    },
    async securityGroupRule(id) {
      const [row] = (await ruleOf(db, { id })).rows;
      return row && securityGroupRuleShape.fromAnyRow(row);
    },
    async removeSecurityGroupRule(id) {
      await removeRule(db, { id });
    },
  };
}

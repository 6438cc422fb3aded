/** Security groups and their rules in SQL. */
import type { Kysely } from 'kysely';
import type { NetworkRows } from '#contracts/store/network-store.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { builtOnce } from '../../rows/built-once.ts';
import { isInList } from '../../sqlite/dialect.ts';
import { refuseDuplicate } from '../../sqlite/unique-violation.ts';
import { type NetworkTables, securityGroupRuleShape, securityGroupShape } from './tables.ts';

type SecurityGroupPart = Pick<
  NetworkRows,
  | 'addSecurityGroup'
  | 'securityGroup'
  | 'defaultSecurityGroup'
  | 'securityGroups'
  | 'securityGroupsOf'
  | 'updateSecurityGroup'
  | 'removeSecurityGroup'
  | 'addSecurityGroupRule'
  | 'securityGroupRules'
  | 'securityGroupRulesOf'
  | 'securityGroupRule'
  | 'removeSecurityGroupRule'
>;

export function securityGroupRows(db: Kysely<NetworkTables>): SecurityGroupPart {
  const groups = () => db.selectFrom('securityGroups').selectAll();
  const rules = () => db.selectFrom('securityGroupRules').selectAll();
  const groupsOf = builtOnce(() => groups().where(isInList('id', '[]')));
  const rulesOf = builtOnce(() =>
    rules().where(isInList('securityGroupId', '[]')).orderBy('createdAt').orderBy('id'),
  );
  return {
    async addSecurityGroup(group, rules) {
      await refuseDuplicate(`security group 'default' exists already in its project`, () =>
        db.insertInto('securityGroups').values(securityGroupShape.toRow(group)).execute(),
      );
      if (rules.length > 0) await db.insertInto('securityGroupRules').values(rules).execute();
    },
    async securityGroup(id) {
      const row = await groups().where('id', '=', id).executeTakeFirst();
      return row && securityGroupShape.fromAnyRow(row);
    },
    async defaultSecurityGroup(projectId) {
      const one = groups().where('projectId', '=', projectId).where('name', '=', 'default');
      const row = await one.executeTakeFirst();
      return row && securityGroupShape.fromAnyRow(row);
    },
    async securityGroups(projectId) {
      const query =
        projectId === undefined ? groups() : groups().where('projectId', '=', projectId);
      const rows = await query.orderBy('createdAt').orderBy('id').execute();
      return readRows('security_groups', rows, securityGroupShape.fromRow);
    },
    async securityGroupsOf(ids) {
      return (await groupsOf(db, [JSON.stringify(ids)])).map(securityGroupShape.fromAnyRow);
    },
    async updateSecurityGroup(group) {
      const row = securityGroupShape.toRow(group);
      await db.updateTable('securityGroups').set(row).where('id', '=', group.id).execute();
    },
    async removeSecurityGroup(id) {
      await db.deleteFrom('securityGroups').where('id', '=', id).execute();
    },
    async addSecurityGroupRule(rule) {
      await db.insertInto('securityGroupRules').values(rule).execute();
    },
    async securityGroupRules(projectId) {
      const query = projectId === undefined ? rules() : rules().where('projectId', '=', projectId);
      const rows = await query.orderBy('createdAt').orderBy('id').execute();
      return readRows('security_group_rules', rows, securityGroupRuleShape.fromRow);
    },
    async securityGroupRulesOf(groupIds) {
      const found = await rulesOf(db, [JSON.stringify(groupIds)]);
      return readRows('security_group_rules', found, securityGroupRuleShape.fromRow);
    },
    async securityGroupRule(id) {
      const row = await rules().where('id', '=', id).executeTakeFirst();
      return row && securityGroupRuleShape.fromAnyRow(row);
    },
    async removeSecurityGroupRule(id) {
      await db.deleteFrom('securityGroupRules').where('id', '=', id).execute();
    },
  };
}

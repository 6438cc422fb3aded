/** Security groups and their rules in SQL. */
import type { Kysely } from 'kysely';
import type { NetworkRows } from '#contracts/network-store.ts';
import { refuseDuplicate } from '../unique-violation.ts';
import type { NetworkTables } from './tables.ts';

type SecurityGroupPart = Pick<
  NetworkRows,
  | 'addSecurityGroup'
  | 'securityGroup'
  | 'securityGroups'
  | 'removeSecurityGroup'
  | 'addSecurityGroupRule'
  | 'securityGroupRules'
  | 'removeSecurityGroupRule'
>;

export function securityGroupRows(db: Kysely<NetworkTables>): SecurityGroupPart {
  const groups = () => db.selectFrom('securityGroups').selectAll();
  const rules = () => db.selectFrom('securityGroupRules').selectAll();
  return {
    async addSecurityGroup(group, rules) {
      await refuseDuplicate(`security group 'default' exists already in its project`, () =>
        db.insertInto('securityGroups').values(group).execute(),
      );
      if (rules.length > 0) await db.insertInto('securityGroupRules').values(rules).execute();
    },
    async securityGroup(id) {
      return groups().where('id', '=', id).executeTakeFirst();
    },
    async securityGroups(projectId) {
      const query =
        projectId === undefined ? groups() : groups().where('projectId', '=', projectId);
      return query.orderBy('createdAt').orderBy('id').execute();
    },
    async removeSecurityGroup(id) {
      await db.deleteFrom('securityGroups').where('id', '=', id).execute();
    },
    async addSecurityGroupRule(rule) {
      await db.insertInto('securityGroupRules').values(rule).execute();
    },
    async securityGroupRules(projectId) {
      const query = projectId === undefined ? rules() : rules().where('projectId', '=', projectId);
      return query.orderBy('createdAt').orderBy('id').execute();
    },
    async removeSecurityGroupRule(id) {
      await db.deleteFrom('securityGroupRules').where('id', '=', id).execute();
    },
  };
}

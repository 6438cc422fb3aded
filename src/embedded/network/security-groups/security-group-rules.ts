/** Rules of security groups: create, find, remove. */
import type {
  NetworkRows,
  StoredSecurityGroup,
  StoredSecurityGroupRule,
} from '#contracts/store/network-store.ts';
import type { RequestedRule } from '../requests/bodies.ts';
import { type NetworkContext, owns, type Rights } from '../requests/context.ts';
import { invalidInput, NetworkError, notFound, readable } from '../requests/errors.ts';
import { ownerFor } from '../networks/networks.ts';
import { checkQuota } from '../requests/quota-check.ts';
import { listSecurityGroups, newRule, ownSecurityGroup, rulesOf } from './security-groups.ts';
import { isSameRule, ruleMatchOf } from './security-rule.ts';

/** Those of all groups that these rights see. */
export async function listSecurityGroupRules(
  context: NetworkContext,
  rights: Rights,
): Promise<StoredSecurityGroupRule[]> {
  return (await listSecurityGroups(context, rights)).flatMap(({ rules }) => rules);
}

/** Throws SecurityGroupRuleNotFound. */
export async function findSecurityGroupRule(
  context: NetworkContext,
  rights: Rights,
  id: string,
): Promise<StoredSecurityGroupRule> {
  return readable('Security group rule', await findRuleToRemove(context, rights, id), rights);
}

/** The same of a rule whose record may be damaged. */
async function findRuleToRemove(
  { store }: NetworkContext,
  rights: Rights,
  id: string,
): Promise<StoredSecurityGroupRule> {
  const rule = await store.securityGroupRule(id);
  if (rule === undefined || !owns(rights, rule)) throw notFound('SecurityGroupRule', id);
  return rule;
}

/**
 * POST /v2.0/security-group-rules: of the project of its group. Refused where the group has a rule
 * that lets the same through.
 */
export async function createSecurityGroupRule(
  context: NetworkContext,
  rights: Rights,
  requested: RequestedRule,
): Promise<StoredSecurityGroupRule> {
  const match = ruleMatchOf(requested);
  return context.store.atomic(async (rows) => {
    const group = await ownSecurityGroup(rows, rights, requested.security_group_id);
    refuseOtherProject(rights, requested, group);
    if (match.remoteGroupId !== null) await ownSecurityGroup(rows, rights, match.remoteGroupId);
    await refuseSecond(rows, group, (known) => isSameRule(known, match));
    const { projectId } = group;
    await checkQuota(rows, context, { projectId, more: { security_group_rule: 1 } });
    const rule = { ...newRule(context, group), ...match, description: requested.description ?? '' };
    await rows.addSecurityGroupRule(rule);
    return rule;
  });
}

/**
 * What rules that are made at once must have in common: one group, and no two the same.
 * Throws SecurityGroupNotSingleGroupRules or DuplicateSecurityGroupRuleInPost.
 */
export function checkRulesTogether(requests: RequestedRule[]): void {
  if (new Set(requests.map((requested) => requested.security_group_id)).size > 1) {
    throw new NetworkError(
      'invalid',
      'SecurityGroupNotSingleGroupRules',
      'security_group_rules: only rules of one security group can be made at once',
    );
  }
  const matches = requests.map(ruleMatchOf);
  matches.forEach((match, index) => {
    const first = matches.findIndex((other) => isSameRule(match, other));
    if (first === index) return;
    throw new NetworkError(
      'conflict',
      'DuplicateSecurityGroupRuleInPost',
      `security_group_rules[${index}]: the same rule as security_group_rules[${first}]`,
    );
  });
}

/** DELETE /v2.0/security-group-rules/{id}, also of one whose record is damaged. */
export async function removeSecurityGroupRule(
  context: NetworkContext,
  rights: Rights,
  id: string,
): Promise<void> {
  await findRuleToRemove(context, rights, id);
  await context.store.removeSecurityGroupRule(id);
}

function refuseOtherProject(
  rights: Rights,
  requested: RequestedRule,
  group: StoredSecurityGroup,
): void {
  if (requested.project_id === undefined && requested.tenant_id === undefined) return;
  const projectId = ownerFor(rights, requested, 'security_group_rule');
  if (projectId === group.projectId) return;
  throw invalidInput(
    `security_group_rule.project_id: '${projectId}': a rule belongs to the project of its group, ${group.projectId}`,
  );
}

async function refuseSecond(
  rows: NetworkRows,
  group: StoredSecurityGroup,
  isSame: (rule: StoredSecurityGroupRule) => boolean,
): Promise<void> {
  const known = (await rulesOf(rows, group)).find(isSame);
  if (known === undefined) return;
  throw new NetworkError(
    'conflict',
    'SecurityGroupRuleExists',
    `Security group rule already exists. Rule id is ${known.id}.`,
  );
}

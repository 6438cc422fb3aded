/**
 * Security groups: kept and shown, so that clients and ports can name them. Nothing here enforces
 * their rules.
 */
import type {
  NetworkRows,
  StoredPort,
  StoredSecurityGroup,
  StoredSecurityGroupRule,
} from '#contracts/store/network-store.ts';
import type { RequestedSecurityGroup, RequestedSecurityGroupChange } from '../requests/bodies.ts';
import { changed, type NetworkContext, newStored, owns, type Rights } from '../requests/context.ts';
import { NetworkError, notFound, readable } from '../requests/errors.ts';
import { ownerFor } from '../networks/networks.ts';
import { checkQuota } from '../requests/quota-check.ts';

export interface GroupWithRules {
  group: StoredSecurityGroup;
  rules: StoredSecurityGroupRule[];
}

/** The project's group `default`, made on first use. */
async function defaultGroup(
  rows: NetworkRows,
  context: NetworkContext,
  projectId: string,
): Promise<StoredSecurityGroup> {
  const known = await rows.defaultSecurityGroup(projectId);
  if (known !== undefined) return known;
  const description = 'Default security group';
  const group = newGroup(context, { projectId, name: 'default', description });
  const fromGroup = { remoteGroupId: group.id, direction: 'ingress' as const };
  const rules = [...egressRules(context, group), ...bothTypes(context, group, fromGroup)];
  await rows.addSecurityGroup(group, rules);
  return group;
}

/** All that these rights see, the caller's `default` among them. */
export async function listSecurityGroups(
  context: NetworkContext,
  rights: Rights,
): Promise<GroupWithRules[]> {
  return context.store.atomic(async (rows) => {
    if (rights.projectId !== '') await defaultGroup(rows, context, rights.projectId);
    const project = rights.isPrivileged ? undefined : rights.projectId;
    const rules = Map.groupBy(
      await rows.securityGroupRules(project),
      ({ securityGroupId }) => securityGroupId,
    );
    const groups = await rows.securityGroups(project);
    return groups.map((group) => ({ group, rules: rules.get(group.id) ?? [] }));
  });
}

/** Those of one project, its `default` among them; none where these rights do not reach it. */
export async function securityGroupsOf(
  context: NetworkContext,
  rights: Rights,
  projectId: string,
): Promise<GroupWithRules[]> {
  if (!owns(rights, { projectId })) return [];
  return listSecurityGroups(context, { projectId, isPrivileged: false });
}

/** Those of these ids that these rights see; `hasRules` false: without reading their rules. */
export async function securityGroupsOfIds(
  rows: NetworkRows,
  rights: Rights,
  { ids, hasRules }: { ids: readonly string[]; hasRules: boolean },
): Promise<GroupWithRules[]> {
  if (ids.length === 0) return [];
  const stored = await rows.securityGroupsOf(ids);
  const known = new Map(stored.map((group) => [group.id, group]));
  const groups = ids.flatMap((id) => known.get(id) ?? []).filter((group) => owns(rights, group));
  if (groups.length === 0) return [];
  if (!hasRules) return groups.map((group) => ({ group, rules: [] }));
  const rules = Map.groupBy(
    await rows.securityGroupRulesOf(groups.map(({ id }) => id)),
    ({ securityGroupId }) => securityGroupId,
  );
  return groups.map((group) => ({ group, rules: rules.get(group.id) ?? [] }));
}

/** Throws SecurityGroupNotFound. */
export async function findSecurityGroup(
  context: NetworkContext,
  rights: Rights,
  id: string,
): Promise<GroupWithRules> {
  const group = await ownSecurityGroup(context.store, rights, id);
  return { group, rules: await rulesOf(context.store, group) };
}

/** POST /v2.0/security-groups: all egress is allowed, as in Neutron. */
export async function createSecurityGroup(
  context: NetworkContext,
  rights: Rights,
  requested: RequestedSecurityGroup,
): Promise<GroupWithRules> {
  refuseDefaultName(requested.name);
  const projectId = ownerFor(rights, requested, 'security_group');
  const { name = '', description = '' } = requested;
  const group = newGroup(context, { projectId, name, description });
  const rules = egressRules(context, group);
  await context.store.atomic(async (rows) => {
    const more = { security_group: 1, security_group_rule: rules.length };
    await checkQuota(rows, context, { projectId, more });
    await rows.addSecurityGroup(group, rules);
  });
  return { group, rules };
}

/** PUT /v2.0/security-groups/{id}: the name of `default` stays. */
export async function updateSecurityGroup(
  context: NetworkContext,
  rights: Rights,
  id: string,
  requested: RequestedSecurityGroupChange,
): Promise<GroupWithRules> {
  return context.store.atomic(async (rows) => {
    const before = await ownSecurityGroup(rows, rights, id);
    if (
      before.name === 'default' &&
      requested.name !== undefined &&
      requested.name !== before.name
    ) {
      throw new NetworkError(
        'conflict',
        'SecurityGroupCannotUpdateDefault',
        `security_group.name: '${requested.name}': the default security group keeps its name`,
      );
    }
    if (requested.name !== before.name) refuseDefaultName(requested.name);
    const { name = before.name, description = before.description } = requested;
    const group = changed(context, before, { name, description });
    await rows.updateSecurityGroup(group, before);
    return { group, rules: await rulesOf(rows, group) };
  });
}

/** Throws SecurityGroupNotFound also for one of another project. */
export async function ownSecurityGroup(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<StoredSecurityGroup> {
  return readable('Security group', await findGroupToRemove(rows, rights, id), rights);
}

/** The same of a group whose record may be damaged. */
async function findGroupToRemove(
  rows: NetworkRows,
  rights: Rights,
  id: string,
): Promise<StoredSecurityGroup> {
  const group = await rows.securityGroup(id);
  if (group === undefined || !owns(rights, group)) throw notFound('SecurityGroup', id);
  return group;
}

/** The rules of a group, oldest first. */
export function rulesOf(
  rows: NetworkRows,
  { id }: StoredSecurityGroup,
): Promise<StoredSecurityGroupRule[]> {
  return rows.securityGroupRulesOf([id]);
}

/**
 * DELETE /v2.0/security-groups/{id}, also of one whose record is damaged: refused for `default` and
 * while a port names it.
 */
export async function removeSecurityGroup(
  context: NetworkContext,
  rights: Rights,
  id: string,
): Promise<void> {
  await context.store.atomic(async (rows) => {
    const group = await findGroupToRemove(rows, rights, id);
    if (group.name === 'default' && !rights.isPrivileged) {
      throw new NetworkError(
        'conflict',
        'SecurityGroupCannotRemoveDefault',
        'Insufficient rights for removing default security group.',
      );
    }
    const ports = await rows.ports({ projectId: group.projectId });
    const user = ports.find((port) => port.securityGroupIds.includes(id));
    if (user !== undefined) {
      throw new NetworkError(
        'conflict',
        'SecurityGroupInUse',
        `Security Group ${id} in use by port ${user.id}.`,
      );
    }
    await rows.removeSecurityGroup(id);
  });
}

/** The security groups of a port: the requested ones, checked, or the project's default. */
export async function groupsForPort(
  rows: NetworkRows,
  context: NetworkContext,
  port: { projectId: string; groupIds: string[] | undefined },
): Promise<string[]> {
  if (port.groupIds === undefined) return [(await defaultGroup(rows, context, port.projectId)).id];
  if (port.groupIds.length === 0) return [];
  const found = await rows.securityGroupsOf(port.groupIds);
  const own = new Set(
    found.filter(({ projectId }) => projectId === port.projectId).map(({ id }) => id),
  );
  const missing = port.groupIds.find((id) => !own.has(id));
  if (missing !== undefined) throw notFound('SecurityGroup', missing);
  return port.groupIds;
}

/**
 * Without port security a port has no groups. `groupIds`: the requested ones. Source: Neutron's
 * mix-in `portsecurity_db`.
 */
export function refuseGroupsWithoutSecurity(
  port: Pick<StoredPort, 'portSecurityEnabled' | 'securityGroupIds'>,
  groupIds: readonly string[] | null | undefined,
): void {
  if (port.portSecurityEnabled || port.securityGroupIds.length === 0) return;
  if (groupIds != null) {
    throw new NetworkError(
      'invalid',
      'PortSecurityAndIPRequiredForSecurityGroups',
      'port.security_groups: Port security must be enabled in order to use security groups.',
    );
  }
  throw new NetworkError(
    'conflict',
    'PortSecurityPortHasSecurityGroup',
    'port.port_security_enabled: Port has security group associated. Cannot disable port security until security group is removed.',
  );
}

function egressRules(
  context: NetworkContext,
  group: StoredSecurityGroup,
): StoredSecurityGroupRule[] {
  return bothTypes(context, group, { direction: 'egress' });
}

function bothTypes(
  context: NetworkContext,
  group: StoredSecurityGroup,
  fields: Pick<StoredSecurityGroupRule, 'direction'> & Partial<StoredSecurityGroupRule>,
): StoredSecurityGroupRule[] {
  return (['IPv4', 'IPv6'] as const).map((ethertype) => ({
    ...newRule(context, group),
    ethertype,
    ...fields,
  }));
}

function newGroup(
  context: NetworkContext,
  given: Pick<StoredSecurityGroup, 'projectId' | 'name' | 'description'>,
): StoredSecurityGroup {
  return { ...newStored(context, given), tags: [] };
}

/** Every project has a group of this name, created by the service. */
function refuseDefaultName(name: string | undefined): void {
  if (name?.toLowerCase() !== 'default') return;
  throw new NetworkError(
    'conflict',
    'SecurityGroupDefaultAlreadyExists',
    `security_group.name: '${name}' exists already in every project`,
  );
}

/** A rule of the group that lets everything through, but for its direction and type. */
export function newRule(
  context: NetworkContext,
  group: StoredSecurityGroup,
): Omit<StoredSecurityGroupRule, 'direction' | 'ethertype'> {
  const { projectId } = group;
  const { name: _, ...stored } = newStored(context, { projectId, name: '', description: '' });
  return {
    ...stored,
    securityGroupId: group.id,
    protocol: null,
    portRangeMin: null,
    portRangeMax: null,
    remoteIpPrefix: null,
    remoteGroupId: null,
  };
}

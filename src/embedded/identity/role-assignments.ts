/** GET /v3/role_assignments: who has which role where. */
import type { RoleAssignment, StoredRole } from '#contracts/store/identity-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { OpenCall } from '#http/routes/route.ts';
import type { GuardedCall } from '../route-table.ts';
import type { Directory } from './directory.ts';
import { defaultDomain } from './domain.ts';
import { isSet, unknownKey } from './list-query.ts';
import { effectiveRoles } from './roles.ts';
import type { Session } from './sign-in/tokens.ts';

/** Assignments to groups, on domains and on the system: there are none here. */
const absent = ['group.id', 'scope.domain.id', 'scope.system', 'scope.OS-INHERIT:inherited_to'];
const flags = ['effective', 'include_names', 'include_subtree'];
const ids: Record<string, (assignment: RoleAssignment) => string> = {
  'user.id': ({ userId }) => userId,
  'role.id': ({ roleId }) => roleId,
  'scope.project.id': ({ projectId }) => projectId,
};
const known = [...Object.keys(ids), ...absent, ...flags];

/**
 * Those that the query selects; with `effective` also implied roles, with `include_names` by name.
 */
export async function listRoleAssignments(call: GuardedCall<Session>, { store }: Directory) {
  const { query, origin } = call;
  const wants = wantedBy(query);
  const [assignments, users, projects, roles] = await Promise.all([
    store.assignments({}),
    store.users(),
    store.projects(),
    store.roles(),
  ]);
  const hasNames = isSet(query, 'include_names');
  const domain = hasNames ? { domain: defaultDomain } : {};
  const named = (id: string, all: { id: string; name: string }[]) =>
    hasNames ? { id, name: all.find((one) => one.id === id)?.name } : { id };
  const counted = isSet(query, 'effective') ? withImplied(assignments, roles) : assignments;
  const views = counted.filter(wants).map(({ userId, projectId, roleId }) => ({
    user: { ...named(userId, users), ...domain },
    role: named(roleId, roles),
    scope: { project: { ...named(projectId, projects), ...domain } },
    links: {
      assignment: `${origin}/v3/projects/${projectId}/users/${userId}/roles/${roleId}`,
    },
  }));
  const self = `${origin}${call.request.url}`;
  return { body: { role_assignments: views, links: { next: null, self, previous: null } } };
}

function wantedBy(query: OpenCall['query']): (assignment: RoleAssignment) => boolean {
  for (const key of Object.keys(query)) {
    if (!known.includes(key)) throw unknownKey(key, known);
  }
  const refuse = (rule: string) => new ComputeError('invalid', `query: ${rule}`);
  if ('include_subtree' in query && !('scope.project.id' in query)) {
    throw refuse('include_subtree needs scope.project.id');
  }
  if ('user.id' in query && 'group.id' in query)
    throw refuse('user.id and group.id exclude each other');
  const hasNone = absent.some((key) => key in query);
  return (assignment) =>
    !hasNone &&
    Object.entries(ids).every(([key, idOf]) => {
      const requested = query[key];
      return requested === undefined || requested === idOf(assignment);
    });
}

/** Each role and those it implies, once for a user on a project. */
function withImplied(assignments: RoleAssignment[], roles: StoredRole[]): RoleAssignment[] {
  const places = Map.groupBy(assignments, ({ userId, projectId }) => `${userId} ${projectId}`);
  return [...places.values()].flatMap((here) => {
    const granted = roles.filter(({ id }) => here.some(({ roleId }) => roleId === id));
    return effectiveRoles(granted, roles).flatMap(({ id }) =>
      here.slice(0, 1).map((assignment) => ({ ...assignment, roleId: id })),
    );
  });
}

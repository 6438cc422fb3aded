/** Roles of users on projects: /v3/projects/{project}/users/{user}/roles. */
import type { RoleAssignment } from '#contracts/store/identity-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Directory } from '../directory.ts';
import { viewRole } from '../views.ts';
import { type Call, projectOf, roleOf, userOf } from './accounts.ts';

/** PUT …/roles/{role}. An existing grant is no error. */
export async function grantRole(call: Call, directory: Directory) {
  await directory.store.grant(await named(call, directory));
  directory.tokens.forget();
}

/** GET and HEAD …/roles/{role}: 204 where there is such a grant. */
export async function checkGrant(call: Call, directory: Directory) {
  const grant = await named(call, directory);
  const all = await directory.store.assignments(grant);
  if (!all.some(({ roleId }) => roleId === grant.roleId)) throw noGrant(grant);
}

/** DELETE …/roles/{role}. */
export async function revokeRole(call: Call, directory: Directory) {
  const grant = await named(call, directory);
  if (!(await directory.store.revoke(grant))) throw noGrant(grant);
  directory.tokens.forget();
}

/** GET …/roles. */
export async function listGrants({ params, origin, request }: Call, directory: Directory) {
  const { id: projectId } = await projectOf(directory, params['id'] ?? '');
  const { id: userId } = await userOf(directory, params['user'] ?? '');
  const { store } = directory;
  const ids = new Set((await store.assignments({ userId, projectId })).map(({ roleId }) => roleId));
  const roles = (await store.roles())
    .filter(({ id }) => ids.has(id))
    .map((role) => ({ ...viewRole(role), links: { self: `${origin}/v3/roles/${role.id}` } }));
  return {
    body: { roles, links: { next: null, self: `${origin}${request.url}`, previous: null } },
  };
}

async function named({ params }: Call, directory: Directory): Promise<RoleAssignment> {
  const [project, user, role] = [
    await projectOf(directory, params['id'] ?? ''),
    await userOf(directory, params['user'] ?? ''),
    await roleOf(directory, params['role'] ?? ''),
  ];
  return { projectId: project.id, userId: user.id, roleId: role.id };
}

function noGrant({ roleId, userId, projectId }: RoleAssignment): ComputeError {
  return new ComputeError(
    'notFound',
    `Could not find role assignment with role: ${roleId}, user or group: ${userId}, project, domain, or system: ${projectId}.`,
  );
}

/**
 * Requests of Keystone's domains, projects, users and roles. Only an administrator may send them.
 * Source: Keystone API v3, "Domains", "Projects", "Users", "Roles".
 */
import { isComputeError } from '#core/errors.ts';
import { request } from '../session/request.ts';
import type { Session } from '../session/session.ts';

/** What has a name in Keystone, by the part of the path. */
type Kind = 'domains' | 'projects' | 'users' | 'roles';

interface Named {
  id: string;
  name: string;
}

/**
 * The id of the one with this name; undefined when there is none. Example: `findByName(session,
 * 'users', { name: 'nova', domain_id: 'default' })`.
 */
export async function findByName(
  session: Session,
  kind: Kind,
  query: { name: string; domain_id?: string },
): Promise<string | undefined> {
  const path = `/${kind}?${new URLSearchParams(query).toString()}`;
  const reply = await request<Record<string, Named[]>>(session, { service: 'identity', path });
  return reply[kind]?.find(({ name }) => name === query.name)?.id;
}

/** Creates one; returns its id. */
export async function createNamed(
  session: Session,
  kind: Exclude<Kind, 'domains'>,
  body: { name: string; domain_id?: string; password?: string },
): Promise<string> {
  const one = kind.slice(0, -1);
  const call = { method: 'POST', path: `/${kind}`, body: { [one]: body } } as const;
  const reply = await request<Record<string, Named>>(session, { service: 'identity', ...call });
  return reply[one]?.id ?? '';
}

export async function changePassword(
  session: Session,
  userId: string,
  password: string | undefined,
): Promise<void> {
  const path = `/users/${userId}`;
  const body = { user: { password } };
  await request(session, { service: 'identity', method: 'PATCH', path, body });
}

/** Whether the user signs in with this password. */
export async function isPasswordOf(
  session: Session,
  userId: string,
  password: string,
): Promise<boolean> {
  const user = { id: userId, password };
  const body = { auth: { identity: { methods: ['password'], password: { user } } } };
  const call = { service: 'identity', method: 'POST', path: '/auth/tokens', body } as const;
  try {
    await request(session, call);
    return true;
  } catch (error) {
    if (isComputeError(error, 'unauthenticated')) return false;
    throw error;
  }
}

/** The ids of the roles that the user has on the project. */
export async function rolesOn(
  session: Session,
  { projectId, userId }: { projectId: string; userId: string },
): Promise<string[]> {
  const query = new URLSearchParams({ 'user.id': userId, 'scope.project.id': projectId });
  const path = `/role_assignments?${query.toString()}`;
  const { role_assignments: all } = await request<{ role_assignments: { role: { id: string } }[] }>(
    session,
    { service: 'identity', path },
  );
  return all.map(({ role }) => role.id);
}

export async function grantRole(
  session: Session,
  { projectId, userId, roleId }: { projectId: string; userId: string; roleId: string },
): Promise<void> {
  const path = `/projects/${projectId}/users/${userId}/roles/${roleId}`;
  await request(session, { service: 'identity', method: 'PUT', path });
}

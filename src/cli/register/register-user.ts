/** The service user in Keystone: read, and created where missing. */
import { ComputeError, isComputeError } from '#core/errors.ts';
import {
  planServiceUser,
  type ServiceRole,
  serviceRoles,
  type UserState,
  type UserStep,
  type WantedUser,
} from './service-user.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';

export interface UserOptions extends WantedUser {
  domain: string;
  /** undefined: a new user gets a generated one; an existing user keeps its password. */
  password: string | undefined;
}

interface Named {
  id: string;
  name: string;
}

export interface UserPlan {
  steps: UserStep[];
  /**
   * Executes the plan; a second run changes nothing. `password` is for a new user, and `made` is
   * called as soon as that user exists.
   */
  carryOut(password: string, made: () => void): Promise<void>;
}

/**
 * Throws as `planServiceUser`; `notFound` for an unknown domain. Source: Keystone API v3,
 * "Projects", "Users", "Roles".
 */
export async function planUser(session: Session, options: UserOptions): Promise<UserPlan> {
  const there = await stateOf(session, options);
  const steps = planServiceUser(there, options);
  return {
    steps,
    carryOut: (password, made) => carryOut(session, there, { steps, options, password, made }),
  };
}

async function stateOf(session: Session, options: UserOptions): Promise<UserState> {
  const { user, project, domain, password } = options;
  const find = (kind: string, query: Record<string, string>): Promise<Named | undefined> =>
    findOne(session, kind, query);
  const domainId = (await find('domains', { name: domain }))?.id;
  if (domainId === undefined) {
    throw new ComputeError('notFound', `--domain ${domain}: Keystone has no such domain`);
  }
  const inDomain = { domain_id: domainId };
  const projectId = (await find('projects', { name: project, ...inDomain }))?.id;
  const userId = (await find('users', { name: user, ...inDomain }))?.id;
  const roleIds: UserState['roleIds'] = {};
  for (const name of serviceRoles) {
    const id = (await find('roles', { name }))?.id;
    if (id !== undefined) roleIds[name] = id;
  }
  const granted =
    projectId === undefined || userId === undefined
      ? []
      : await grantedRoles(session, { projectId, userId, roleIds });
  const isPassword =
    userId === undefined || password === undefined
      ? undefined
      : await signsIn(session, userId, password);
  return { domainId, projectId, userId, roleIds, granted, isPassword };
}

async function findOne(
  session: Session,
  kind: string,
  query: Record<string, string>,
): Promise<Named | undefined> {
  const path = `/${kind}?${new URLSearchParams(query).toString()}`;
  const reply = await request<Record<string, Named[]>>(session, { service: 'identity', path });
  return reply[kind]?.find(({ name }) => name === query['name']);
}

async function grantedRoles(
  session: Session,
  {
    projectId,
    userId,
    roleIds,
  }: { projectId: string; userId: string; roleIds: UserState['roleIds'] },
): Promise<ServiceRole[]> {
  const query = new URLSearchParams({ 'user.id': userId, 'scope.project.id': projectId });
  const path = `/role_assignments?${query.toString()}`;
  const { role_assignments: all } = await request<{ role_assignments: { role: { id: string } }[] }>(
    session,
    { service: 'identity', path },
  );
  return serviceRoles.filter((name) => all.some(({ role }) => role.id === roleIds[name]));
}

async function signsIn(session: Session, userId: string, password: string): Promise<boolean> {
  const user = { id: userId, password };
  const body = { auth: { identity: { methods: ['password'], password: { user } } } };
  const asked = { service: 'identity', method: 'POST', path: '/auth/tokens', body } as const;
  try {
    await request(session, asked);
    return true;
  } catch (error) {
    if (isComputeError(error, 'unauthenticated')) return false;
    throw error;
  }
}

async function carryOut(
  session: Session,
  there: UserState,
  {
    steps,
    options,
    password,
    made,
  }: { steps: UserStep[]; options: UserOptions; password: string; made: () => void },
): Promise<void> {
  const { domainId } = there;
  let { projectId = '', userId = '' } = there;
  const roleIds = { ...there.roleIds };
  const make = async (plural: string, body: object): Promise<string> => {
    const one = plural.slice(0, -1);
    const reply = await request<Record<string, Named>>(session, {
      service: 'identity',
      method: 'POST',
      path: `/${plural}`,
      body: { [one]: body },
    });
    return reply[one]?.id ?? '';
  };
  for (const { act, what, name } of steps) {
    if (act === 'keep') continue;
    switch (what) {
      case 'project':
        projectId = await make('projects', { name, domain_id: domainId });
        break;
      case 'role':
        roleIds.service = await make('roles', { name });
        break;
      case 'user':
        userId = await make('users', { name, domain_id: domainId, password });
        made();
        break;
      case 'password': {
        const body = { user: { password: options.password } };
        const path = `/users/${userId}`;
        await request(session, { service: 'identity', method: 'PATCH', path, body });
        break;
      }
      case 'grant': {
        const roleId = roleIds[name as ServiceRole] ?? '';
        const path = `/projects/${projectId}/users/${userId}/roles/${roleId}`;
        await request(session, { service: 'identity', method: 'PUT', path });
      }
    }
  }
}

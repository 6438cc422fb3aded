/** The service user in Keystone: read, and created where missing. */
import {
  changePassword,
  createNamed,
  findByName,
  grantRole,
  isPasswordOf,
  rolesOn,
} from '#client/identity/directory.ts';
import { ComputeError } from '#core/errors.ts';
import {
  planServiceUser,
  type ServiceRole,
  serviceRoles,
  type UserState,
  type UserStep,
  type WantedUser,
} from './service-user.ts';
import type { Session } from '#client/session/session.ts';

export interface UserOptions extends WantedUser {
  domain: string;
  /** undefined: a new user gets a generated one; an existing user keeps its password. */
  password: string | undefined;
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
 * Throws as `planServiceUser`; `notFound` for an unknown domain.
 */
export async function planUser(session: Session, options: UserOptions): Promise<UserPlan> {
  const state = await stateOf(session, options);
  const steps = planServiceUser(state, options);
  return {
    steps,
    carryOut: (password, made) => carryOut(session, state, { steps, options, password, made }),
  };
}

async function stateOf(session: Session, options: UserOptions): Promise<UserState> {
  const { user, project, domain, password } = options;
  const domainId = await findByName(session, 'domains', { name: domain });
  if (domainId === undefined) {
    throw new ComputeError('notFound', `--domain ${domain}: Keystone has no such domain`);
  }
  const inDomain = { domain_id: domainId };
  const projectId = await findByName(session, 'projects', { name: project, ...inDomain });
  const userId = await findByName(session, 'users', { name: user, ...inDomain });
  const roleIds: UserState['roleIds'] = {};
  for (const name of serviceRoles) {
    const id = await findByName(session, 'roles', { name });
    if (id !== undefined) roleIds[name] = id;
  }
  const held =
    projectId === undefined || userId === undefined
      ? []
      : await rolesOn(session, { projectId, userId });
  const isPassword =
    userId === undefined || password === undefined
      ? undefined
      : await isPasswordOf(session, userId, password);
  const granted = serviceRoles.filter((name) => held.some((id) => id === roleIds[name]));
  return { domainId, projectId, userId, roleIds, granted, isPassword };
}

async function carryOut(
  session: Session,
  state: UserState,
  {
    steps,
    options,
    password,
    made,
  }: { steps: UserStep[]; options: UserOptions; password: string; made: () => void },
): Promise<void> {
  const { domainId } = state;
  let { projectId = '', userId = '' } = state;
  const roleIds = { ...state.roleIds };
  for (const { act, what, name } of steps) {
    if (act === 'keep') continue;
    switch (what) {
      case 'project':
        projectId = await createNamed(session, 'projects', { name, domain_id: domainId });
        break;
      case 'role':
        roleIds.service = await createNamed(session, 'roles', { name });
        break;
      case 'user':
        userId = await createNamed(session, 'users', { name, domain_id: domainId, password });
        made();
        break;
      case 'password':
        await changePassword(session, userId, options.password);
        break;
      case 'grant': {
        const roleId = roleIds[name as ServiceRole] ?? '';
        await grantRole(session, { projectId, userId, roleId });
      }
    }
  }
}

/**
 * Novella's user at the other services: what Keystone lacks of it. Pure: the current state, the
 * required state, the steps.
 */
import { ComputeError } from '#core/errors.ts';

/** The service user's roles: one reads what belongs to others, one may write `binding:profile`. */
export const serviceRoles = ['admin', 'service'] as const;
export type ServiceRole = (typeof serviceRoles)[number];

/** What Keystone has; an id that is undefined: it has none. */
export interface UserState {
  domainId: string;
  projectId: string | undefined;
  userId: string | undefined;
  roleIds: Partial<Record<ServiceRole, string>>;
  granted: ServiceRole[];
  /** Is the given password the user's own? undefined: no such user, or none given. */
  isPassword: boolean | undefined;
}

export interface WantedUser {
  user: string;
  project: string;
  /** May a different password of an existing user be changed? */
  replace: boolean;
}

export interface UserStep {
  act: 'keep' | 'add' | 'change';
  what: 'project' | 'role' | 'user' | 'password' | 'grant';
  /** Example: `service`. */
  name: string;
}

/**
 * One step for each thing, in the order in which they can be done; all are `keep` when nothing is
 * to be done. Throws `conflict` for a user with another password, unless it may be replaced: a Nova
 * may be using it. `notFound` without a role `admin`.
 */
export function planServiceUser(state: UserState, wanted: WantedUser): UserStep[] {
  if (state.roleIds.admin === undefined) {
    throw new ComputeError('notFound', 'Keystone has no role admin: a service user cannot have it');
  }
  const { user, project } = wanted;
  const isNew = state.userId === undefined;
  const act = (exists: boolean) => (exists ? 'keep' : 'add');
  if (state.isPassword === false && !wanted.replace) {
    throw new ComputeError(
      'conflict',
      `user ${user} has a different password than the one in the file; --replace sets this one, and clients with the other are then refused`,
    );
  }
  const change: UserStep[] =
    state.isPassword === false ? [{ act: 'change', what: 'password', name: user }] : [];
  return [
    { act: act(state.projectId !== undefined), what: 'project', name: project },
    { act: act(state.roleIds.service !== undefined), what: 'role', name: 'service' },
    { act: act(!isNew), what: 'user', name: user },
    ...change,
    ...serviceRoles.map(
      (role): UserStep => ({ act: act(state.granted.includes(role)), what: 'grant', name: role }),
    ),
  ];
}

/** Example: `add     grant     admin on service`. */
export function userStepText({ act, what, name }: UserStep, { project }: WantedUser): string {
  return `${act.padEnd(7)} ${what.padEnd(9)} ${name}${what === 'grant' ? ` on ${project}` : ''}`;
}

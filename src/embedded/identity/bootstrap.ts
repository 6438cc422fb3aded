/**
 * Creates a cloud's initial records, idempotently: domain Default, four roles, projects and users
 * with their roles.
 */
import type { NewId } from '#contracts/clock.ts';
import type { IdentityStore, StoredProject, StoredUser } from '#contracts/store/identity-store.ts';
import { defaultDomain } from './domain.ts';
import { hashPassword, isPassword } from './sign-in/password.ts';
import { roleNames } from './roles.ts';

/** Example: `{ name: 'demo', password: '…', project: 'demo', role: 'member' }`. */
export interface BootstrapUser {
  name: string;
  password: string;
  project: string;
  role: (typeof roleNames)[number];
}

/**
 * Adds what is missing. A user whose password differs gets the one given, as `keystone-manage
 * bootstrap` does.
 */
export async function bootstrap(
  store: IdentityStore,
  newId: NewId,
  users: BootstrapUser[],
): Promise<void> {
  // Keystone's ids are UUIDs without dashes.
  const newHexId = () => newId().replaceAll('-', '');
  const known = new Set((await store.roles()).map(({ name }) => name));
  for (const name of roleNames) {
    if (!known.has(name)) await store.addRole({ id: newHexId(), name });
  }
  const roles = new Map((await store.roles()).map(({ id, name }) => [name, id]));
  for (const wanted of users) {
    const project = await ensureProject(store, newHexId, wanted.project);
    const user = await ensureUser(store, newHexId, wanted);
    const roleId = roles.get(wanted.role) ?? '';
    await store.grant({ userId: user.id, projectId: project.id, roleId });
  }
}

async function ensureProject(
  store: IdentityStore,
  newHexId: NewId,
  name: string,
): Promise<StoredProject> {
  const known = await store.projectNamed(name, defaultDomain.id);
  if (known !== undefined) return known;
  const domainId = defaultDomain.id;
  const project = { id: newHexId(), name, domainId, description: '', enabled: true };
  await store.addProject(project);
  return project;
}

async function ensureUser(
  store: IdentityStore,
  newHexId: NewId,
  { name, password }: BootstrapUser,
): Promise<StoredUser> {
  const known = await store.userNamed(name, defaultDomain.id);
  if (known === undefined) {
    const user = {
      id: newHexId(),
      name,
      domainId: defaultDomain.id,
      passwordHash: await hashPassword(password),
      enabled: true,
      defaultProjectId: null,
    };
    await store.addUser(user);
    return user;
  }
  if (!(await isPassword(password, known.passwordHash))) {
    await store.setPasswordHash(known.id, await hashPassword(password));
  }
  return known;
}

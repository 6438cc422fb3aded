/**
 * Creates a cloud's initial records, idempotently: domain Default, five roles, projects and users
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
 * Adds what is missing: at the first start all users, later only administrators, as
 * `keystone-manage bootstrap` does; another that was deleted stays deleted. A user whose given
 * password differs from the one given before gets it; a password that was changed since stays.
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
    if (!known.has(name)) await store.addRole({ id: newHexId(), name, description: null });
  }
  const roles = new Map((await store.roles()).map(({ id, name }) => [name, id]));
  const isFirst = (await store.users()).length === 0;
  for (const wanted of users) {
    const existing = await store.userNamed(wanted.name, defaultDomain.id);
    if (existing !== undefined) await followPassword(store, existing, wanted.password);
    if (!isFirst && wanted.role !== 'admin') continue;
    const project = await ensureProject(store, newHexId, wanted.project);
    const userId = existing?.id ?? (await addUser(store, newHexId, wanted));
    const roleId = roles.get(wanted.role) ?? '';
    await store.grant({ userId, projectId: project.id, roleId });
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

async function addUser(
  store: IdentityStore,
  newHexId: NewId,
  { name, password }: BootstrapUser,
): Promise<string> {
  const id = newHexId();
  const hash = await hashPassword(password);
  await store.addUser({
    id,
    name,
    domainId: defaultDomain.id,
    passwordHash: hash,
    givenHash: hash,
    enabled: true,
    defaultProjectId: null,
    description: null,
    email: null,
  });
  return id;
}

async function followPassword(
  store: IdentityStore,
  { id, passwordHash, givenHash }: StoredUser,
  password: string,
): Promise<void> {
  if (await isPassword(password, givenHash ?? passwordHash)) return;
  const hash = await hashPassword(password);
  await store.changeUser(id, { passwordHash: hash, givenHash: hash });
}

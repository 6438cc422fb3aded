/** Creating, changing and deleting users, and their passwords. */
import type { StoredUser } from '#contracts/store/identity-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { OpenCall } from '#http/routes/route.ts';
import type { Directory } from '../directory.ts';
import { defaultDomain } from '../domain.ts';
import { dummyHash, hashPassword, isPassword } from '../sign-in/password.ts';
import { viewUser } from '../views.ts';
import { type Call, newHexId, replyWith, userOf } from './accounts.ts';
import { type newUser, type passwordChange, refuseOtherDomain, type userChange } from './bodies.ts';

/** POST /v3/users. Without a password the user cannot sign in. */
export async function createUser(
  call: Call<ReturnType<typeof newUser.read>>,
  directory: Directory,
) {
  const { body } = call;
  refuseOtherDomain(body.domain_id);
  const user: StoredUser = {
    id: newHexId(directory),
    name: body.name,
    domainId: defaultDomain.id,
    passwordHash: await hashOf(body.password ?? null),
    givenHash: null,
    enabled: body.enabled ?? true,
    defaultProjectId: body.default_project_id ?? null,
    description: body.description ?? null,
    email: body.email ?? null,
  };
  await directory.store.addUser(user);
  return show(call, user);
}

/** PATCH /v3/users/{id}: only what the body has. */
export async function changeUser(
  call: Call<ReturnType<typeof userChange.read>>,
  directory: Directory,
) {
  const { id } = await userOf(directory, call.params['id'] ?? '');
  const { name, description, email, enabled, password, domain_id, default_project_id } = call.body;
  refuseOtherDomain(domain_id);
  await directory.store.changeUser(id, {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(email !== undefined && { email }),
    ...(enabled !== undefined && { enabled }),
    ...(default_project_id !== undefined && { defaultProjectId: default_project_id }),
    ...(password !== undefined && { passwordHash: await hashOf(password) }),
  });
  directory.tokens.forget();
  return show(call, await userOf(directory, id));
}

/** DELETE /v3/users/{id}. */
export async function deleteUser({ params }: Call, directory: Directory) {
  const { id } = await userOf(directory, params['id'] ?? '');
  await directory.store.removeUser(id);
  directory.tokens.forget();
}

/**
 * POST /v3/users/{id}/password: users change their own, which they prove with the former one, as
 * when signing in. Source: Keystone's `UserPasswordResource`, which needs no token.
 */
export async function changeOwnPassword(
  call: Omit<OpenCall, 'body'> & { body: ReturnType<typeof passwordChange.read> },
  { store, gate, tokens }: Directory,
) {
  const id = call.params['id'] ?? '';
  const { original_password: former, password } = call.body;
  const user = await store.user(id);
  const isRight = await gate.admit(
    { user: user?.name ?? id, source: call.request.ip },
    async () => {
      const hash = user?.passwordHash ?? '';
      const isTheirs = await isPassword(former, hash === '' ? dummyHash : hash);
      return isTheirs && user?.enabled === true;
    },
  );
  if (user === undefined || !isRight) {
    throw new ComputeError(
      'unauthenticated',
      'Error when changing user password: Invalid user / password',
    );
  }
  await store.changeUser(user.id, { passwordHash: await hashPassword(password) });
  tokens.forget();
}

async function hashOf(password: string | null): Promise<string> {
  return password === null ? '' : hashPassword(password);
}

function show(call: Pick<Call, 'origin'>, user: Omit<StoredUser, 'passwordHash' | 'givenHash'>) {
  return replyWith(call, { kind: 'user', path: `/v3/users/${user.id}`, view: viewUser(user) });
}

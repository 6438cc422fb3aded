/** Creating, changing and deleting roles. */
import type { StoredRole } from '#contracts/store/identity-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Directory } from '../directory.ts';
import { roleNames } from '../roles.ts';
import { viewRole } from '../views.ts';
import { type Call, newHexId, replyWith, roleOf } from './accounts.ts';
import { type newRole, refuseOtherDomain, type roleChange } from './bodies.ts';

/** POST /v3/roles. No policy names a role that is made so. */
export async function createRole(
  call: Call<ReturnType<typeof newRole.read>>,
  directory: Directory,
) {
  const { name, description, domain_id } = call.body;
  refuseOtherDomain(domain_id);
  if (domain_id !== undefined && domain_id !== null) {
    throw new ComputeError('invalid', 'role.domain_id: roles of a domain are not offered');
  }
  refuseLikeBuiltIn(name);
  const role = { id: newHexId(directory), name, description: description ?? null };
  await directory.store.addRole(role);
  return show(call, role);
}

/** PATCH /v3/roles/{id}. The names that policies use stay. */
export async function changeRole(
  call: Call<ReturnType<typeof roleChange.read>>,
  directory: Directory,
) {
  const role = await roleOf(directory, call.params['id'] ?? '');
  const { name, description, domain_id } = call.body;
  refuseOtherDomain(domain_id);
  if (name !== undefined && name !== role.name) {
    refuseBuiltIn(role, 'renamed');
    refuseLikeBuiltIn(name);
  }
  await directory.store.changeRole(role.id, {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
  });
  directory.tokens.forget();
  return show(call, await roleOf(directory, role.id));
}

/** DELETE /v3/roles/{id}. */
export async function deleteRole({ params }: Call, directory: Directory) {
  const role = await roleOf(directory, params['id'] ?? '');
  refuseBuiltIn(role, 'deleted');
  await directory.store.removeRole(role.id);
  directory.tokens.forget();
}

function refuseBuiltIn({ id, name }: StoredRole, act: string): void {
  if (!roleNames.some((known) => known === name)) return;
  throw new ComputeError(
    'forbidden',
    `role ${id}: '${name}' is named by the policies of the services and cannot be ${act}.`,
  );
}

/** Policies compare the names of roles without their case. Source: oslo.policy `RoleCheck`. */
function refuseLikeBuiltIn(name: string): void {
  const known = roleNames.find((each) => each === name.toLowerCase() && each !== name);
  if (known === undefined) return;
  throw new ComputeError(
    'conflict',
    `role.name: '${name}' differs from role '${known}' only by case.`,
  );
}

function show(call: Pick<Call, 'origin'>, role: StoredRole) {
  return replyWith(call, { kind: 'role', path: `/v3/roles/${role.id}`, view: viewRole(role) });
}

/** Who may use a private flavor. Source: Nova compute API reference, "Flavors access". */
import { ComputeError } from '#core/errors.ts';
import { object, wrapped } from '../requests/json-schema.ts';
import type { BodySchema, Call, Reply } from '../requests/route.ts';
import { findFlavor } from './flavors.ts';

const tenant = { type: 'string', minLength: 1, maxLength: 255 };
const bodyOf = (action: string): BodySchema => {
  const schema = wrapped(action, object({ tenant }, ['tenant']));
  return () => schema;
};
export const addAccessBody = bodyOf('addTenantAccess');
export const removeAccessBody = bodyOf('removeTenantAccess');

export async function listAccess(call: Call): Promise<Reply> {
  const flavor = await findFlavor(call);
  if (flavor.isPublic) {
    throw new ComputeError('notFound', 'Access list not available for public flavors.');
  }
  return accessOf(call, flavor.id);
}

export async function addAccess(
  call: Call<{ addTenantAccess: { tenant: string } }>,
): Promise<Reply> {
  const flavor = await findFlavor(call);
  if (flavor.isPublic) {
    throw new ComputeError('conflict', 'Can not add access to a public flavor.');
  }
  await call.context.store.flavorAccess.grant(flavor.id, call.body.addTenantAccess.tenant);
  return accessOf(call, flavor.id);
}

export async function removeAccess(
  call: Call<{ removeTenantAccess: { tenant: string } }>,
): Promise<Reply> {
  const { id } = await findFlavor(call);
  await call.context.store.flavorAccess.revoke(id, call.body.removeTenantAccess.tenant);
  return accessOf(call, id);
}

async function accessOf(call: Call, id: string): Promise<Reply> {
  const projects = await call.context.store.flavorAccess.projects(id);
  const access = projects.map((project) => ({ flavor_id: id, tenant_id: project }));
  return { body: { flavor_access: access } };
}

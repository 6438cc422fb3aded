/** Who may use a private flavor. Source: Nova compute API reference, "Flavors access". */
import { ComputeError } from '#core/errors.ts';
import { type Static, Type } from 'typebox';
import { closed } from '../requests/json-schema.ts';
import type { Call, Reply } from '../requests/route.ts';
import { findFlavor } from './flavors.ts';

const access = closed({ tenant: Type.String({ minLength: 1, maxLength: 255 }) });
const addBody = closed({ addTenantAccess: access });
const removeBody = closed({ removeTenantAccess: access });
export const addAccessBody = () => addBody;
export const removeAccessBody = () => removeBody;

export async function listAccess(call: Call): Promise<Reply> {
  const flavor = await findFlavor(call);
  if (flavor.isPublic) {
    throw new ComputeError('notFound', 'Access list not available for public flavors.');
  }
  return accessOf(call, flavor.id);
}

/** Before it, access to a public flavor is recorded: it counts once the flavor is private. */
const refusesPublicFrom = 7;

export async function addAccess(call: Call<Static<typeof addBody>>): Promise<Reply> {
  const flavor = await findFlavor(call);
  if (flavor.isPublic && call.version >= refusesPublicFrom) {
    throw new ComputeError('conflict', 'Can not add access to a public flavor.');
  }
  await call.context.store.flavorAccess.grant(flavor.id, call.body.addTenantAccess.tenant);
  return accessOf(call, flavor.id);
}

export async function removeAccess(call: Call<Static<typeof removeBody>>): Promise<Reply> {
  const { id } = await findFlavor(call);
  await call.context.store.flavorAccess.revoke(id, call.body.removeTenantAccess.tenant);
  return accessOf(call, id);
}

async function accessOf(call: Call, id: string): Promise<Reply> {
  const projects = await call.context.store.flavorAccess.projects(id);
  const access = projects.map((project) => ({ flavor_id: id, tenant_id: project }));
  return { body: { flavor_access: access } };
}

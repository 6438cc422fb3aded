/** The flavor that a user requests for a server. */
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError } from '#core/errors.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import type { WorkflowContext } from '../engine/context.ts';

/**
 * A private flavor is not found for a project without access to it. Throws `invalid`, naming the
 * field.
 */
export async function findFlavor(
  { store }: WorkflowContext,
  { isAdmin, projectId }: Caller,
  id: string,
): Promise<Flavor> {
  const flavor = await store.flavors.get(id);
  if (flavor !== undefined && (flavor.isPublic || isAdmin)) return flavor;
  if (flavor !== undefined && (await store.flavorAccess.flavors(projectId)).has(id)) return flavor;
  throw new ComputeError('invalid', `flavorRef: Flavor ${id} could not be found.`);
}

/** The server that a call is about, when the caller may see it. */
import { maySee } from '#core/access/policy.ts';
import type { ShownServer } from '#contracts/store/server-selection.ts';
import { damagedRecord } from '#core/damaged-record.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { requireOwnRule, targetOf } from '../../requests/permission.ts';
import type { Call } from '../../requests/route.ts';

/**
 * The live server of `:id`. Throws `notFound` for a deleted one, and for another project's;
 * `forbidden` where the rule of the call does not hold for it.
 */
export async function findServer(call: Call): Promise<Server> {
  return live(await findServerEvenDeleted(call));
}

/** The same with what views show of it, which is read faster. */
export async function findShownServer(call: Call): Promise<ShownServer> {
  const id = call.params['id'] ?? '';
  const [server] = await call.context.store.servers.read([id]);
  return live(await visible(call, server));
}

/** The same, with deleted ones: their history stays readable. */
export async function findServerEvenDeleted(call: Call): Promise<Server> {
  return visible(call, await call.context.store.servers.get(call.params['id'] ?? ''));
}

async function visible<Found extends Pick<Server, 'projectId' | 'userId'>>(
  call: Call,
  server: Found | undefined,
): Promise<Found> {
  if (server !== undefined && maySee(call.caller, server.projectId)) {
    requireOwnRule(call, targetOf(server));
    return server;
  }
  const id = call.params['id'] ?? '';
  if (server === undefined) await refuseDamaged(call, id);
  throw noSuchServer(id);
}

function live<Found extends Pick<Server, 'id' | 'deletedAt'>>(server: Found): Found {
  if (server.deletedAt === null) return server;
  throw noSuchServer(server.id);
}

/** The live server of `:id`, made readable first where its record is damaged. */
export async function findServerToDelete(call: Call): Promise<Server> {
  const id = call.params['id'] ?? '';
  const { servers } = call.context.store;
  const damage = (await servers.get(id)) === undefined ? await servers.damage(id) : undefined;
  const isVisible = damage?.deletedAt === null && maySee(call.caller, damage.projectId);
  if (isVisible) await servers.mend(id);
  return findServer(call);
}

/**
 * Throws `conflict`, for administrators with the reason, when there is such a server and it cannot
 * be read.
 */
async function refuseDamaged({ context, caller }: Call, id: string): Promise<void> {
  const damage = await context.store.servers.damage(id);
  if (damage === undefined || !maySee(caller, damage.projectId)) return;
  throw damagedRecord(`Instance ${id}`, caller.isAdmin ? damage.reason : undefined);
}

function noSuchServer(id: string): ComputeError {
  return new ComputeError('notFound', `Instance ${id} could not be found.`);
}

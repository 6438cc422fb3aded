/** The server that a call is about, when the caller may know of it. */
import { maySee } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { Call } from '../route.ts';

/** The live server of `:id`. Throws `notFound` for a deleted one, and for another project's: to the caller it is not there. */
export async function findServer(call: Call): Promise<Server> {
  const server = await findServerEvenDeleted(call);
  if (server.deletedAt === null) return server;
  throw noSuchServer(server.id);
}

/** The same, with deleted ones: their history stays readable. */
export async function findServerEvenDeleted(call: Call): Promise<Server> {
  const id = call.params['id'] ?? '';
  const server = await call.context.store.servers.get(id);
  if (server !== undefined && maySee(call.caller, server.projectId)) return server;
  throw noSuchServer(id);
}

function noSuchServer(id: string): ComputeError {
  return new ComputeError('notFound', `Instance ${id} could not be found.`);
}

/** The connection that a token opens: to one console of one server, wherever that is. */
import type { AdmittedConsole } from '#contracts/host/admitted-console.ts';
import { ComputeError } from '#core/errors.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { kindOf } from './create-console.ts';

/** What this token admits to. Throws `forbidden` for an unknown, expired or revoked token. */
export async function admitToConsole(
  { store, clock, links }: WorkflowContext,
  token: string,
): Promise<AdmittedConsole> {
  const found = await store.consoleTokens.ofToken(sha256OfToken(token), clock.now());
  const server = found && (await store.servers.get(found.serverId));
  if (found === undefined || server === undefined) {
    throw new ComputeError('forbidden', 'The token is not known, or no longer valid.');
  }
  const { id: serverId, projectId, hostId } = server;
  const kind = kindOf(found.type);
  return {
    serverId,
    projectId,
    kind,
    async open() {
      if (hostId === null) {
        throw new ComputeError('conflict', `Instance ${serverId} is not ready: it is on no host`);
      }
      return links.consoles.open({ hostId, guestId: serverId, projectId, kind });
    },
  };
}

/** Of these servers, those that are deleted: their open consoles are to be closed. */
export async function deletedOf(
  { store }: WorkflowContext,
  serverIds: readonly string[],
): Promise<string[]> {
  const gone: string[] = [];
  for (const id of serverIds) {
    const server = await store.servers.get(id);
    if (server === undefined || server.deletedAt !== null) gone.push(id);
  }
  return gone;
}

/** A token for the console of a server. Nothing of the server changes. */
import { randomBytes } from 'node:crypto';
import type { ConsoleKind, ConsolePlace } from '#contracts/host/guest-consoles.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { OfferedConsole } from '#core/servers/console-type.ts';
import type { Server } from '#core/servers/server.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import { refuseSilentHost } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** Older ones are revoked. */
const mostOfServer = 32;

const kinds: Record<OfferedConsole, ConsoleKind> = { novnc: 'vnc', serial: 'serial' };

export function kindOf(type: OfferedConsole): ConsoleKind {
  return kinds[type];
}

/**
 * A token of 256 random bits. Throws `conflict` for a server whose guest does not run or whose host
 * is silent, `invalid` for one without such a console, `unavailable` when its host does not answer.
 */
export async function createConsole(
  context: WorkflowContext,
  server: Server,
  { type, lifetimeMs }: { type: OfferedConsole; lifetimeMs: number },
): Promise<string> {
  const { id, hostId, hostName } = server;
  if (hostId === null || hostName === null) throw notReady(server, 'it is on no host');
  await refuseSilentHost(context, server, 'get_console');
  const place = await placeOf(context, server, { hostId, type });
  if (place === null) throw new ComputeError('invalid', `Unavailable console type ${type}.`);
  const token = randomBytes(32).toString('base64url');
  await context.store.consoleTokens.add(
    {
      tokenSha256: sha256OfToken(token),
      serverId: id,
      type,
      host: hostName,
      place,
      expiresAt: context.clock.now() + lifetimeMs,
    },
    { mostOfServer },
  );
  return token;
}

async function placeOf(
  { links }: WorkflowContext,
  server: Server,
  { hostId, type }: { hostId: string; type: OfferedConsole },
): Promise<ConsolePlace | null> {
  try {
    const { id: guestId, projectId } = server;
    return await links.consoles.find({ hostId, guestId, projectId, kind: kindOf(type) });
  } catch (error) {
    if (!isComputeError(error, 'conflict')) throw error;
    throw notReady(server, 'its guest does not run', error);
  }
}

/** Source: Nova `InstanceNotReady`. */
function notReady({ id }: Server, why: string, cause?: unknown): ComputeError {
  return new ComputeError('conflict', `Instance ${id} is not ready: ${why}`, { cause });
}

/** What the token of a console leads to: `GET /os-console-auth-tokens/:id`, for administrators. */
import { ComputeError } from '#core/errors.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import type { Call, Reply } from '../requests/route.ts';

/** Before 2.31 only the tokens of RDP consoles are shown, and there are none of these. */
const shownFrom = 31;

export async function showConsoleToken({ context, params, version }: Call): Promise<Reply> {
  const { consoleTokens } = context.store;
  const token = await consoleTokens.ofToken(sha256OfToken(params['id'] ?? ''), context.clock.now());
  if (token === undefined) throw new ComputeError('notFound', 'Token not found');
  if (version < shownFrom) {
    throw new ComputeError(
      'unauthenticated',
      'The requested console type details are not accessible',
    );
  }
  const { serverId, host, place } = token;
  return {
    body: {
      console: {
        instance_uuid: serverId,
        host,
        port: 'port' in place ? place.port : null,
        internal_access_path: 'path' in place ? place.path : null,
      },
    },
  };
}

/**
 * A path as it may be logged: whoever has the token has the console. Example:
 * `/v2.1/os-console-auth-tokens/5f…` → `/v2.1/os-console-auth-tokens/…`.
 */
export function withoutConsoleToken(path: string): string {
  const plain = decoded(path);
  const shown = plain
    .replace(/(\/os-console-auth-tokens\/).+/i, '$1…')
    .replace(/(\/novella\/v1\/console\b.*token=).+/i, '$1…');
  return shown === plain ? path : shown;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

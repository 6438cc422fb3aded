/** Servers by name, for administrators: of all projects. */
import { ComputeError, isComputeError } from '#core/errors.ts';
import { allOf } from './session/pages.ts';
import type { Session } from './session/session.ts';
import { microversion } from './servers.ts';

/** A server's id and name. */
export interface NamedServer {
  id: string;
  name: string;
}

/** The servers of all projects; with a name, those whose name is exactly this one. */
async function listServers(session: Session, name?: string): Promise<NamedServer[]> {
  const query = new URLSearchParams({ all_tenants: 'True' });
  if (name !== undefined) query.set('name', patternFor(name));
  const path = `/servers?${query.toString()}`;
  const call = { service: 'compute', path, microversion } as const;
  const servers = await allOf<NamedServer>(session, call, 'servers');
  return name === undefined ? servers : servers.filter((server) => server.name === name);
}

/** The API takes no longer pattern. */
const longestPattern = 255;

/**
 * A pattern for this name; for a name whose escaped text is too long, one for names that start like
 * it.
 */
function patternFor(name: string): string {
  const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const whole = `^${escaped(name)}$`;
  if (whole.length <= longestPattern) return whole;
  return `^${escaped(Array.from(name).slice(0, 100).join(''))}`;
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The id of the server meant by an id or a name. Throws `notFound`, or `conflict` naming the ids
 * when several have the name.
 */
export async function findServerId(session: Session, idOrName: string): Promise<string> {
  if (uuidForm.test(idOrName)) return idOrName;
  const found = await listServers(session, idOrName);
  if (found.length > 1) {
    const ids = found.map((server) => server.id).join(', ');
    throw new ComputeError(
      'conflict',
      `${found.length} servers are named "${idOrName}": ${ids}. Give the id.`,
    );
  }
  const [server] = found;
  if (server !== undefined) return server.id;
  throw new ComputeError('notFound', `no server has the id or name "${idOrName}"`);
}

/**
 * Names by server id, for tables; none when the caller may not list the servers of all projects.
 */
export async function serverNames(session: Session): Promise<Map<string, string>> {
  try {
    return new Map((await listServers(session)).map((server) => [server.id, server.name]));
  } catch (error) {
    if (isComputeError(error, 'forbidden')) return new Map();
    throw error;
  }
}

/** The requests of the compute API about servers, and polling for their results. */
import { ComputeError, isComputeError } from '#core/errors.ts';
import { request, type ServiceRequest } from './session/request.ts';
import type { Session } from './session/session.ts';
import { type PollLimits, waitFor } from './wait-for.ts';

/** The microversion that the client requests. */
export const microversion = '2.79';

/** A server as the compute API shows it to an administrator, the keys that are read. */
export interface ServerView {
  id: string;
  name: string;
  status: string;
  updated: string;
  /** Of a server in ERROR. */
  fault?: { message: string };
  'OS-EXT-STS:task_state': string | null;
  'OS-EXT-SRV-ATTR:host': string | null;
}

const pageSize = 500;

/** Of all projects. Throws `forbidden` unless the caller is an administrator. */
export async function allServers(session: Session): Promise<ServerView[]> {
  const all: ServerView[] = [];
  for (;;) {
    const query = new URLSearchParams({ all_tenants: 'True', limit: String(pageSize) });
    const last = all.at(-1);
    if (last !== undefined) query.set('marker', last.id);
    const { servers } = await request<{ servers: ServerView[] }>(session, {
      service: 'compute',
      path: `/servers/detail?${query.toString()}`,
      microversion,
    });
    all.push(...servers);
    if (servers.length < pageSize) return all;
  }
}

/** Requests a server; returns its id. It may still fail. `server`: the body below its key. */
export async function createServer(session: Session, server: object): Promise<string> {
  const call = { path: '/servers', method: 'POST', body: { server } } as const;
  return (await compute<{ server: { id: string } }>(session, call)).server.id;
}

/** Throws `notFound` for an id that no server has. */
export async function showServer(session: Session, id: string): Promise<ServerView> {
  return (await compute<{ server: ServerView }>(session, { path: `/servers/${id}` })).server;
}

/** Requests deletion of a server; `waitForServerGone` waits for it. */
export async function deleteServer(session: Session, id: string): Promise<void> {
  await compute(session, { method: 'DELETE', path: `/servers/${id}` });
}

/**
 * The server once it is in one of these states and no task is running. Throws `conflict` with its
 * fault when it is in ERROR instead, `unavailable` on timeout.
 */
export function waitForServer(
  session: Session,
  id: string,
  { statuses, limits }: { statuses: readonly string[]; limits?: PollLimits },
): Promise<ServerView> {
  const poll = async () => {
    const server = await showServer(session, id);
    const isSettled = server['OS-EXT-STS:task_state'] === null;
    const isReached = isSettled && statuses.includes(server.status);
    if (isSettled && !isReached && server.status === 'ERROR') {
      const why = server.fault?.message ?? 'without a fault';
      throw new ComputeError('conflict', `server ${server.name} went to ERROR: ${why}`);
    }
    return { done: isReached, value: server };
  };
  return waitFor(`server ${id} to be ${statuses.join(' or ')}`, poll, limits);
}

/** Throws `unavailable` when the server still exists at the timeout. */
export async function waitForServerGone(
  session: Session,
  id: string,
  limits?: PollLimits,
): Promise<void> {
  const poll = async () => {
    const server = await showServer(session, id).catch((error: unknown) => {
      if (isComputeError(error, 'notFound')) return undefined;
      throw error;
    });
    return { done: server === undefined, value: server };
  };
  await waitFor(`server ${id} to be gone`, poll, limits);
}

function compute<T>(session: Session, call: Omit<ServiceRequest, 'service'>): Promise<T> {
  return request<T>(session, { service: 'compute', microversion, ...call });
}

/** Waits until a running cloud has no work left. */
import { setTimeout as pause } from 'node:timers/promises';
import { request, send } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { latePorts } from './checks/at-rest.ts';
import { openReader, type Reader } from './state/reader.ts';

const usualLimitMs = 60_000;
const pollMs = 30;
/** A host reconciles once it has reported; what it then reports begins new work. */
const quietPolls = 8;

interface ServiceView {
  id: string;
  host: string;
  state: string;
  status: string;
  forced_down: boolean;
}

/** The services of all hosts, by microversion 2.53. */
export async function hostServices(session: Session): Promise<ServiceView[]> {
  const call = { service: 'compute', path: '/os-services', microversion: '2.53' } as const;
  return (await request<{ services: ServiceView[] }>(session, call)).services;
}

/** Every host is enabled, and no longer declared down. */
export async function repairHosts(session: Session): Promise<void> {
  for (const { id } of await hostServices(session)) {
    for (const body of [{ status: 'enabled' }, { forced_down: false }]) {
      const path = `/os-services/${id}`;
      await send(session, { service: 'compute', method: 'PUT', path, body, microversion: '2.53' });
    }
  }
}

/**
 * Resolves when all hosts are up and nothing has been left to do for a moment; to a list of what is
 * left after the limit. `database`: a file of SQLite, or a URL of PostgreSQL.
 */
export async function settle(
  session: Session,
  database: string,
  limitMs = usualLimitMs,
): Promise<string[]> {
  const reader = await openReader(database);
  const end = Date.now() + limitMs;
  let quiet = 0;
  let left: string[] = [];
  try {
    while (Date.now() < end) {
      const down = (await hostServices(session)).filter(({ state }) => state !== 'up');
      left = [...down.map(({ host }) => `host ${host} is down`), ...(await workIn(reader))];
      quiet = left.length === 0 ? quiet + 1 : 0;
      if (quiet === quietPolls) return [];
      await pause(pollMs);
    }
    return left.map((one) => `not settled after ${limitMs / 1_000} s: ${one}`);
  } finally {
    await reader.close();
  }
}

async function workIn({ rows }: Reader): Promise<string[]> {
  const tasks = (
    await rows('select instance_uuid as id, kind, step from tasks where step is not null')
  )
    .filter(({ step }) => step !== latePorts)
    .map((task) => `task ${JSON.stringify(task)}`);
  const commands = (
    await rows(
      'select seq, kind, compute_node_id as host from host_commands where succeeded is null',
    )
  ).map((command) => `command ${JSON.stringify(command)}`);
  // Those of a server in another state wait for its user.
  const events = (
    await rows(
      `select kind, port_id as port, instance_uuid as id from network_events
       join instances on uuid = instance_uuid
       where deleted_at is null and vm_state in ('active', 'paused', 'stopped')`,
    )
  ).map((event) => `network event ${JSON.stringify(event)}`);
  const left = (
    await rows('select uuid, left_on as host from migrations where left_on is not null')
  ).map((move) => `left by a move ${JSON.stringify(move)}`);
  return [...tasks, ...commands, ...events, ...left];
}

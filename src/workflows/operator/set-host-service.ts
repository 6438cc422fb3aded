/**
 * The operator's settings for a host: whether servers may be placed there, and whether it is forced
 * down.
 */
import type { Host } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** Absent fields are unchanged. */
export interface HostServiceChange {
  enabled?: boolean;
  disabledReason?: string | null;
  forcedDown?: boolean;
}

const maxTries = 50;

/** Records it and returns the updated host. Throws `notFound`. */
export async function setHostService(
  { store }: WorkflowContext,
  hostId: string,
  requested: HostServiceChange,
): Promise<Host> {
  for (let tries = 0; tries < maxTries; tries++) {
    const host = await store.hosts.get(hostId);
    if (host === undefined) {
      throw new ComputeError('notFound', `Service ${hostId} could not be found.`);
    }
    const change = { hostId, generation: host.generation, ...requested };
    if ((await store.hosts.update(change)) === 'ok') return { ...host, ...requested };
  }
  throw new ComputeError(
    'unavailable',
    `host ${hostId} changed ${maxTries} times while it was updated`,
  );
}

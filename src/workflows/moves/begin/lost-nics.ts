/** A shelved server returns without the NICs whose ports have been deleted since. */
import { isComputeError } from '#core/errors.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import type { WorkflowContext } from '../../engine/context.ts';

/**
 * Those NICs. To a service user that lost its rights every port seems gone: so a port counts as
 * gone only when the network service still shows its network. Throws `unavailable` when that
 * service does not answer.
 */
export async function nicsWithoutPort(
  { network }: Pick<WorkflowContext, 'network'>,
  { nics }: Pick<Server, 'nics'>,
): Promise<ServerNic[]> {
  const portIds = nics.flatMap(({ portId }) => portId ?? []);
  if (portIds.length === 0) return [];
  const known = new Set((await network.listPorts(portIds)).map(({ id }) => id));
  const lost: ServerNic[] = [];
  for (const nic of nics) {
    const { portId, networkId } = nic;
    if (portId === null || networkId === null || known.has(portId)) continue;
    if (await isShown(network, networkId)) lost.push(nic);
  }
  return lost;
}

async function isShown(network: WorkflowContext['network'], id: string): Promise<boolean> {
  try {
    return (await network.showNetwork(id)).id === id;
  } catch (error) {
    if (isComputeError(error, 'notFound') || isComputeError(error, 'forbidden')) return false;
    throw error;
  }
}

/** What removes them from the server. */
export function withoutNics(lost: readonly ServerNic[]): {
  removedNics?: string[];
  removedPciRequests?: string[];
} {
  if (lost.length === 0) return {};
  return {
    removedNics: lost.map(({ id }) => id),
    removedPciRequests: lost.flatMap(({ pciRequestId }) => pciRequestId ?? []),
  };
}

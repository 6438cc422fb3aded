/**
 * Addresses of servers, added to and removed from their ports. Source: Nova
 * `add_fixed_ip_to_instance`, `remove_fixed_ip_from_instance`.
 */
import { ComputeError } from '#core/errors.ts';
import type { Port } from '#core/networking/port.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { ownPorts } from './own-ports.ts';
import { takeNetworkEvent } from './take-network-event.ts';

/**
 * Adds an address of one of the network's subnets to the server's first port there. Throws
 * `invalid` when it has none, or the network no subnet; the network service's refusals.
 */
export async function addAddress(
  context: WorkflowContext,
  server: Server,
  networkId: string,
): Promise<void> {
  const port = (await ownPorts(context, server)).find((each) => each.networkId === networkId);
  if (port === undefined) {
    throw new ComputeError(
      'invalid',
      `networkId: instance ${server.id} has no port on network ${networkId}`,
    );
  }
  const [subnet] = (await context.network.showNetwork(networkId)).subnets;
  if (subnet === undefined) {
    throw new ComputeError('invalid', `networkId: network ${networkId} has no subnet`);
  }
  await change(context, server, port, [...kept(port), { subnetId: subnet.id }]);
}

/** Removes the address from the port that has it. Throws `invalid` when none of the server has. */
export async function removeAddress(
  context: WorkflowContext,
  server: Server,
  address: string,
): Promise<void> {
  const has = ({ fixedIps }: Port) => fixedIps.some(({ ipAddress }) => ipAddress === address);
  const port = (await ownPorts(context, server)).find(has);
  if (port === undefined) {
    throw new ComputeError(
      'invalid',
      `Fixed IP not found for instance ${server.id}: address ${address}`,
    );
  }
  const rest = kept(port).filter(({ ipAddress }) => ipAddress !== address);
  await change(context, server, port, rest);
}

function kept({ fixedIps }: Port) {
  return fixedIps.map(({ subnetId, ipAddress }) => ({ subnetId, ipAddress }));
}

/** The server's addresses follow, as after any change of its port. */
// oxlint-disable-next-line max-params -- where, whose, which and what
async function change(
  context: WorkflowContext,
  server: Server,
  { id: portId }: Port,
  fixedIps: { subnetId: string; ipAddress?: string }[],
): Promise<void> {
  await context.network.updatePort(portId, { fixedIps });
  await takeNetworkEvent(context, { serverId: server.id, kind: 'changed', portId });
}

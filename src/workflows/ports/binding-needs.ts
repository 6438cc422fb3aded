/**
 * The state, before anything is claimed, of a server's ports and of the agents that could bind
 * them. Read from the network service.
 */
import type { DevicePort, DevicePorts } from '#contracts/store/task-data.ts';
import { type BindingNeed, bindingNeed } from '#core/networking/binding/binding-need.ts';
import type { NetworkAgents } from '#core/networking/binding/network-agents.ts';
import type { NetworkRequest } from '#core/networking/network-request.ts';
import type { SpecBinding } from '#core/scheduling/request-spec.ts';
import { settleAll } from '#runtime/settle-all.ts';
import type { WorkflowContext } from '../engine/context.ts';

const normalPort: Omit<DevicePort, 'id'> = { vnicType: 'normal', profile: {} };

/**
 * null where the network service has no agents, or does not report them: then no host is refused,
 * and the binding itself shows the result.
 */
export async function bindingNeeds(
  context: WorkflowContext,
  nics: readonly NetworkRequest[],
  devicePorts: DevicePorts | undefined,
): Promise<SpecBinding | null> {
  const portOf = ({ portId, pciRequestId }: NetworkRequest) =>
    pciRequestId === null ? normalPort : devicePorts?.ports.find(({ id }) => id === portId);
  return whereAgents(context, nics, async (nic) => {
    const port = portOf(nic);
    if (port === undefined || nic.networkId === null) return [];
    return [bindingNeed(port, await context.network.showNetwork(nic.networkId))];
  });
}

/** The needs of these NICs beside the agents; null as above. */
export async function whereAgents<Nic>(
  context: WorkflowContext,
  nics: readonly Nic[],
  needsOf: (nic: Nic) => Promise<BindingNeed[]>,
): Promise<SpecBinding | null> {
  if (nics.length === 0) return null;
  try {
    const agents = await context.network.listAgents();
    if (agents.all.length === 0) return null;
    const needs = await settleAll(nics, needsOf);
    return { needs: needs.flat(), agents };
  } catch (error) {
    context.log.warn(
      { err: error },
      'cannot find out which hosts could bind the ports of a server',
    );
    return null;
  }
}

/**
 * For the message of a failed binding, though the cached list allowed the attempt; the next choice
 * of a host uses it too.
 */
export async function agentsNow(context: WorkflowContext): Promise<NetworkAgents | undefined> {
  try {
    return await context.network.listAgents(true);
  } catch (error) {
    context.log.warn({ err: error }, 'cannot read the list of network agents');
    return undefined;
  }
}

/**
 * Ports for NICs that name a network: made with their user's token, so while the request that carries it is there. What the request does not
 * live to keep is undone by the task that it began with. Decision 0010.
 */
import type { Caller } from '#contracts/identity.ts';
import type { Lease } from '#contracts/store.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';
import type { NicNaming } from './resolve-nics.ts';
import { together } from './together.ts';

/** As `openstack server event show` lists it. */
export const makeEvent = 'make_ports';

/** Longer than a request takes: its calls to the network service have time-outs. */
const leaseMs = 300_000;

/** For a task that is the request's own until it says how it goes on, or this time is over. */
export function leaseOf(context: WorkflowContext, requestId: string): Lease {
  return { owner: requestId, until: context.clock.now() + leaseMs };
}

/**
 * These NICs, each with a port. Side by side; throws, once none is under way any more, what did not work for the first of them: the others'
 * ports may be there then, and even its own when no answer came. Errors name the NIC, its network and the service's reason.
 */
export async function makePorts(
  context: WorkflowContext,
  caller: Caller,
  { id, projectId }: Pick<Server, 'id' | 'projectId'>,
  { nics, naming }: { nics: readonly ServerNic[]; naming: NicNaming },
): Promise<ServerNic[]> {
  return together(nics, async (nic, at) => {
    const { networkId, fixedIp } = nic;
    if (nic.portId !== null || networkId === null) return nic;
    try {
      const wish = { networkId, projectId, deviceId: id, fixedIp };
      const port = await context.network.createPort(wish, caller);
      return { ...nic, portId: port.id, ownsPort: true };
    } catch (error) {
      throw inWords(error, { nic, at, naming });
    }
  });
}

function inWords(
  error: unknown,
  { nic, at, naming }: { nic: ServerNic; at: number; naming: NicNaming },
): unknown {
  if (!isComputeError(error)) return error;
  const kind = error.kind === 'conflict' ? naming.taken : error.kind;
  const address = nic.fixedIp === null ? '' : ` with the address ${nic.fixedIp}`;
  return new ComputeError(
    kind,
    `${naming.network(at)}: no port can be made on network ${nic.networkId}${address}: ${error.message}`,
    { cause: error, ...(error.detail !== undefined && { detail: error.detail }) },
  );
}

/** Deletes what was made for a server that another workflow has taken over meanwhile. */
export async function letGo(context: WorkflowContext, nics: readonly ServerNic[]): Promise<void> {
  await together(nics, async ({ portId, ownsPort }) => {
    if (ownsPort && portId !== null) await context.network.deletePort(portId);
  });
}

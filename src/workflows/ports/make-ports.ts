/**
 * Ports for NICs that name a network: created with their user's token, so during the request that
 * carries it. Ports of an interrupted request are undone by the task that it began with. Decision
 * 0010.
 */
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError, type ErrorKind, isComputeError } from '#core/errors.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { settleAll } from '#runtime/settle-all.ts';
import type { WorkflowContext } from '../engine/context.ts';
import type { NicNaming } from './resolve-nics.ts';

/** Its name in `openstack server event show`. */
export const makeEvent = 'make_ports';

/** `securityGroupIds` absent: the network service's default. */
export interface NicsWithoutPorts {
  nics: readonly ServerNic[];
  naming: NicNaming;
  securityGroupIds?: readonly string[] | undefined;
}

/**
 * These NICs, each with a port. Concurrent; throws, once none is in progress any more, the error of
 * the first failed NIC: the others' ports may exist then, and even its own when no answer came.
 * Errors name the NIC, its network and the service's reason.
 */
export async function makePorts(
  context: WorkflowContext,
  caller: Caller,
  { id, projectId }: Pick<Server, 'id' | 'projectId'>,
  { nics, naming, securityGroupIds }: NicsWithoutPorts,
): Promise<ServerNic[]> {
  return settleAll(nics, async (nic, at) => {
    const { networkId, fixedIp } = nic;
    if (nic.portId !== null || networkId === null) return nic;
    try {
      const groups = securityGroupIds === undefined ? {} : { securityGroupIds };
      const newPort = { networkId, projectId, deviceId: id, fixedIp, ...groups };
      const port = await context.network.createPort(newPort, caller);
      return { ...nic, portId: port.id, ownsPort: true };
    } catch (error) {
      throw asNicError(error, { nic, at, naming });
    }
  });
}

function asNicError(
  error: unknown,
  { nic, at, naming }: { nic: ServerNic; at: number; naming: NicNaming },
): unknown {
  if (!isComputeError(error)) return error;
  const address = nic.fixedIp === null ? '' : ` with the address ${nic.fixedIp}`;
  return new ComputeError(
    kindOf(error.kind, { nic, naming }),
    `${naming.network(at)}: no port can be made on network ${nic.networkId}${address}: ${error.message}`,
    { cause: error, ...(error.detail !== undefined && { detail: error.detail }) },
  );
}

/**
 * Errors of the network service about the request are returned as Nova returns them for a body. No
 * address is named where none was requested.
 */
function kindOf(
  kind: ErrorKind,
  { nic, naming }: { nic: ServerNic; naming: NicNaming },
): ErrorKind {
  if (kind === 'notFound') return naming.missing;
  if (kind === 'conflict') return nic.fixedIp === null ? 'invalid' : naming.taken;
  return kind;
}

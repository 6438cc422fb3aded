/** The ports of a server's NICs. */
import type { Port } from '#core/networking/port.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** Any user may write a server's id on their own port: only ports of the server's NICs count. */
export async function ownPorts(
  { network }: Pick<WorkflowContext, 'network'>,
  { id, nics }: Pick<Server, 'id' | 'nics'>,
): Promise<Port[]> {
  const own = new Set(nics.map(({ portId }) => portId));
  return (await network.listServerPorts(id)).filter((port) => own.has(port.id));
}

/** Begins the removal of a NIC: at a user's request, or because its port no longer exists. */
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { beginAfterNicChanges, refuseOpenMove, refuseState } from '../engine/begin-action.ts';
import { startSystemTask } from '../engine/start-system-task.ts';
import { attachable } from './attach-interface.ts';
import type { WorkflowContext } from '../engine/context.ts';

/**
 * Begins the detach and returns at once. Throws `notFound` when the server has no NIC with this
 * port, `conflict` in a wrong state.
 */
export async function detachInterface(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { portId, requestId }: { portId: string; requestId: string },
): Promise<void> {
  refuseState(server, 'detach_interface', attachable);
  await refuseOpenMove(context, server, 'detach_interface');
  const nic = server.nics.find((each) => each.portId === portId);
  if (nic === undefined) {
    throw new ComputeError('notFound', `Port ${portId} is not attached to instance ${server.id}`);
  }
  await beginAfterNicChanges(context, caller, server, {
    kind: 'detach',
    step: 'detach-nic',
    data: { nicId: nic.id },
    action: 'detach_interface',
    requestId,
    change: {},
  });
}

/**
 * Begins it for a NIC whose port was deleted in the network service; does nothing while another
 * workflow runs for the server.
 */
export async function beginDetach(
  context: WorkflowContext,
  server: Server,
  nic: ServerNic,
): Promise<void> {
  await startSystemTask(context, server, {
    kind: 'detach',
    step: 'detach-nic',
    data: { nicId: nic.id, portIsGone: true },
    action: 'detach_interface',
  });
}

/**
 * Takes a NIC off a server, running or not. Its VF is free only once the host has reported that the
 * guest released it.
 */
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { beginAfterNicChanges, refuseState } from '../engine/begin-action.ts';
import { beginByItself } from '../engine/begin-by-itself.ts';
import { attachable } from './attach-interface.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { retryStep } from '../engine/retry-later.ts';
import { takeOffSteps } from './take-off-nic.ts';
import type { Workflow } from '../engine/workflow.ts';

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
  const nic = server.nics.find((each) => each.portId === portId);
  if (nic === undefined) {
    throw new ComputeError('notFound', `Port ${portId} is not attached to instance ${server.id}`);
  }
  await beginAfterNicChanges(context, caller, server, {
    kind: 'detach',
    step: 'take-off',
    data: { nicId: nic.id },
    action: 'detach_interface',
    requestId,
    change: {},
  });
}

/**
 * Begins it for a NIC whose port was deleted in the network service; nothing done while another
 * workflow runs for the server.
 */
export async function beginTakingOff(
  context: WorkflowContext,
  server: Server,
  nic: ServerNic,
): Promise<void> {
  await beginByItself(context, server, {
    kind: 'detach',
    step: 'take-off',
    data: { nicId: nic.id, portIsGone: true },
    action: 'detach_interface',
  });
}

/** The workflow behind it. Nothing here gives up: what a step frees must not leak. */
export const detachWorkflow: Workflow = {
  steps: takeOffSteps,
  failed: async (context, task, error) => ({
    actionMessage: error.message,
    next: retryStep(task, context.clock.now()),
  }),
};

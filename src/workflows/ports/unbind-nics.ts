/** Takes ports off the host of their server. */
import type { TaskRef } from '#contracts/store/store.ts';
import { isComputeError } from '#core/errors.ts';
import { unbindChange } from '#core/networking/binding/port-binding.ts';
import type { Port } from '#core/networking/port.ts';
import type { Server } from '#core/servers/server.ts';
import { settleAll } from '#runtime/settle-all.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { assertCurrent } from '../engine/workflow.ts';

/** The ports of the server's NICs stay the server's, on no host. */
export async function unbindNics(
  context: WorkflowContext,
  task: Pick<TaskRef, 'serverId' | 'epoch'>,
  server: Pick<Server, 'id' | 'nics'>,
): Promise<void> {
  await assertCurrent(context, task);
  const ports = await context.network.listServerPorts(server.id);
  const own = ports.filter((port) => server.nics.some(({ portId }) => portId === port.id));
  await settleAll(own, async (port) => {
    await assertCurrent(context, task);
    await unbindPort(context, port, { keepOwner: true });
  });
}

/** Unbinds a port from its host. One deleted in between needs no unbinding. */
export async function unbindPort(
  context: WorkflowContext,
  port: Port,
  how: { keepOwner?: boolean } = {},
): Promise<void> {
  try {
    await context.network.updatePort(port.id, unbindChange(port, how));
  } catch (error) {
    if (!isComputeError(error, 'notFound')) throw error;
  }
}

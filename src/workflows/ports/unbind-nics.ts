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
  server: BoundServer,
): Promise<void> {
  await assertCurrent(context, task);
  const portIds = server.nics.flatMap(({ portId }) => portId ?? []);
  const ports = await context.network.listPorts(portIds);
  const bound = ports.filter((port) => isBoundFor(server, port));
  await settleAll(bound, async (port) => {
    await assertCurrent(context, task);
    await unbindPort(context, port, { keepOwner: true });
  });
}

type BoundServer = Pick<Server, 'id' | 'hostName' | 'nics'>;

/**
 * Whether the port is bound for this server: its own, or still on its host after its user removed
 * the server's id from it, or with its device whatever id the user wrote there. A port that another
 * server has by now is not.
 */
export function isBoundFor({ id, hostName, nics }: BoundServer, port: Port): boolean {
  const { deviceId, bindingHost, profile } = port;
  if (deviceId === id) return true;
  if (bindingHost === '' || bindingHost !== hostName) return false;
  if (deviceId === '') return true;
  const { pci_slot: slot } = profile;
  const nic = nics.find(({ portId }) => portId === port.id);
  return slot !== undefined && nic?.vif?.profile['pci_slot'] === slot;
}

/** Unbinds a port from the host of a server that releases it. Another server's id in it stays. */
export function releasePort(
  context: WorkflowContext,
  { id }: Pick<Server, 'id'>,
  port: Port,
): Promise<void> {
  return unbindPort(context, port, { keepOwner: ![id, ''].includes(port.deviceId) });
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

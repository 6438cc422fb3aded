/**
 * Ports that need a device, as read with the service's rights when their server is accepted, and
 * how long that is valid.
 */
import type { DevicePort, DevicePorts } from '#contracts/store/task-data.ts';
import type { NetworkRequest } from '#core/networking/network-request.ts';
import type { Network } from '#core/networking/port.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** Writing back an older profile could undo an administrator's change. */
const ttlMs = 10_000;

/** Whether what was read at this time, epoch milliseconds, may still be used. */
function isFresh({ clock }: Pick<WorkflowContext, 'clock'>, readAt: number): boolean {
  return clock.now() - readAt < ttlMs;
}

/**
 * The ports of these NICs: as read, or all in one call when that was too long ago. One that no
 * longer exists is left out.
 */
export async function freshDevicePorts(
  context: WorkflowContext,
  nics: readonly NetworkRequest[],
  known: DevicePorts | undefined,
): Promise<DevicePort[]> {
  if (known !== undefined && isFresh(context, known.readAt)) return known.ports;
  return context.network.listPorts(
    nics.flatMap(({ portId, pciRequestId }) =>
      portId === null || pciRequestId === null ? [] : [portId],
    ),
  );
}

/** A network of these ports: as read with them, or now when that was too long ago. */
export async function freshNetwork(
  context: WorkflowContext,
  networkId: string,
  devicePorts: DevicePorts | undefined,
): Promise<Network> {
  const known = context.run?.known.networks?.get(networkId);
  const isUsable = known !== undefined && devicePorts !== undefined;
  if (isUsable && isFresh(context, devicePorts.readAt)) return known;
  return context.network.showNetwork(networkId);
}

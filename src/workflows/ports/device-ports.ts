/**
 * Ports that need a device, as read with the service's rights when their server is accepted, and
 * how long that is valid.
 */
import type { DevicePort, DevicePorts } from '#contracts/store/task-data.ts';
import type { NetworkRequest } from '#core/networking/network-request.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** Writing back an older profile could undo an administrator's change. */
const ttlMs = 10_000;

/**
 * The ports of these NICs: as read, or all in one call when that was too long ago. One that no
 * longer exists is left out.
 */
export async function freshDevicePorts(
  { network, clock }: WorkflowContext,
  nics: readonly NetworkRequest[],
  known: DevicePorts | undefined,
): Promise<DevicePort[]> {
  if (known !== undefined && clock.now() - known.readAt < ttlMs) return known.ports;
  return network.listPorts(
    nics.flatMap(({ portId, pciRequestId }) =>
      portId === null || pciRequestId === null ? [] : [portId],
    ),
  );
}

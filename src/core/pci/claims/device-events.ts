/** What a change of a host's device rows means for each device: its history. */
import type { PciAddress } from '../devices/address.ts';
import type { PciDevice } from '../devices/device.ts';

/**
 * `given`: the guest of a server has it; `released`: the server no longer holds it. `missing` and
 * `returned`: its host no longer reports it, or does again, while a server holds it. `quarantined`
 * and `cleared`: it must not be assigned, or may be again.
 */
export type DeviceEventName =
  | 'given'
  | 'released'
  | 'missing'
  | 'returned'
  | 'quarantined'
  | 'cleared';

/** `serverId`: its holder then. `detail`: why it is quarantined. */
export interface DeviceEvent {
  address: PciAddress;
  event: DeviceEventName;
  serverId: string | null;
  requestId: string | null;
  detail: string | null;
}

/**
 * The events between the rows before and these rows after; a device that was unknown before has
 * none but its quarantine. Example: a VF claimed before and allocated after → `given`.
 */
export function deviceEvents(
  before: (address: PciAddress) => PciDevice | undefined,
  after: readonly PciDevice[],
): DeviceEvent[] {
  return after.flatMap((device) => {
    const was = before(device.address);
    const { address } = device;
    const of = (event: DeviceEventName, holder = device, detail: string | null = null) => {
      const { serverId, requestId } = holder;
      return [{ address, event, serverId, requestId, detail }];
    };
    const isHeldOn = was !== undefined && was.serverId !== null && was.serverId === device.serverId;
    const { status, quarantine } = device;
    return [
      ...(was !== undefined && was.serverId !== null && !isHeldOn ? of('released', was) : []),
      ...(isHeldOn && was.status === 'claimed' && status === 'allocated' ? of('given') : []),
      ...(isHeldOn && was.status !== 'missing' && status === 'missing' ? of('missing') : []),
      ...(isHeldOn && was.status === 'missing' && status !== 'missing' ? of('returned') : []),
      ...(quarantine !== undefined && was?.quarantine !== quarantine
        ? of('quarantined', device, quarantine)
        : []),
      ...(quarantine === undefined && was?.quarantine !== undefined ? of('cleared') : []),
    ];
  });
}

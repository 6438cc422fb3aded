/** What changed device rows make of their host: the rows, and its pools counted again. One home, so that `pci_stats` never lags its devices. */
import type { Host, HostChange } from '#contracts/store.ts';
import type { PciDevice } from '#core/pci/device.ts';
import { poolsOf } from '#core/pci/pool.ts';

/** `devices`: all of the host's as read; `changed`: those of them that are to be written. None changed: the host stays as it is. */
export function deviceChange(
  host: Pick<Host, 'id' | 'generation'>,
  devices: readonly PciDevice[],
  changed: PciDevice[],
): HostChange {
  const change: HostChange = { hostId: host.id, generation: host.generation };
  if (changed.length === 0) return change;
  const byAddress = new Map(changed.map((device) => [device.address, device]));
  const after = devices.map((device) => byAddress.get(device.address) ?? device);
  return { ...change, devices: changed, pciStats: poolsOf(after) };
}

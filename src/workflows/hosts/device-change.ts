/** Entries of the host ledger as changes of the host row that was read. */
import type { Host, HostChange } from '#contracts/store/store.ts';
import { bookDevices, type LedgerEntry } from '#core/ledger/host-ledger.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';

/** An entry, valid only while the host's row is still the one that was read. */
export function hostChange(
  { id, generation }: Pick<Host, 'id' | 'generation'>,
  entry: LedgerEntry,
): HostChange {
  return { hostId: id, generation, ...entry };
}

/**
 * `devices`: all of the host's as read; `changed`: those of them that are to be written. None
 * changed: the host stays as it is.
 */
export function deviceChange(
  host: Pick<Host, 'id' | 'generation' | 'problems'>,
  devices: readonly PciDevice[],
  changed: PciDevice[],
): HostChange {
  return hostChange(host, bookDevices(host, devices, changed));
}

/**
 * What changed device rows make of their host: the rows, its pools counted again, and what is wrong
 * with its claims. One home, so that neither lags its devices.
 */
import type { Host, HostChange } from '#contracts/store/store.ts';
import { withClaimProblems } from '#core/hosts/claim-problems.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { poolsOf } from '#core/pci/pools/pool.ts';

/**
 * `devices`: all of the host's as read; `changed`: those of them that are to be written. None
 * changed: the host stays as it is.
 */
export function deviceChange(
  host: Pick<Host, 'id' | 'generation' | 'problems'>,
  devices: readonly PciDevice[],
  changed: PciDevice[],
): HostChange {
  const change: HostChange = { hostId: host.id, generation: host.generation };
  if (changed.length === 0) return change;
  const byAddress = new Map(changed.map((device) => [device.address, device]));
  const after = devices.map((device) => byAddress.get(device.address) ?? device);
  const problems = withClaimProblems(host.problems, after);
  return { ...change, devices: changed, pciStats: poolsOf(after), problems };
}

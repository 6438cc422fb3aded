/**
 * Devices that an entry admits and no guest can get: they are shown with the reason, and never
 * count as free.
 */
import type { PciFunction, ReportedDevice } from '../devices/device.ts';
import { hasNoPfInterface } from './sriov-warnings.ts';

/**
 * The device, quarantined where a port could not get it: a VF for ports whose PF has no interface.
 * What is quarantined already stays so. `functions`: all of the host. Example: VF of a ThunderX →
 * quarantine `its PF 0002:01:00.0 has no network interface, …`.
 */
export function withQuarantine(
  { function: fn, tags }: ReportedDevice,
  functions: readonly PciFunction[],
): ReportedDevice {
  const isForPorts = 'physical_network' in tags;
  if (fn.quarantine !== undefined || !isForPorts || !hasNoPfInterface(fn, functions)) {
    return { function: fn, tags };
  }
  const quarantine = `its PF ${fn.parentAddress} has no network interface, through which a VF is set up: bind the PF's own driver`;
  return { function: { ...fn, quarantine }, tags };
}

/** All checks of a host, in display order. */
import type { PciAddress } from '../pci/devices/address.ts';
import { compileDeviceSpecs } from '../pci/specs/device-matcher.ts';
import type { PciFunction } from '../pci/devices/device.ts';
import type { DeviceSpec } from '../pci/specs/device-spec.ts';
import { checkDevices } from './check-devices.ts';
import { checkIommu } from './check-iommu.ts';
import { checkMachine } from './check-machine.ts';
import { checkNodeDevices } from './check-node-devices.ts';
import { checkUses } from './check-uses.ts';
import type { HostCheck } from './host-check.ts';
import type { HostFacts } from './host-facts.ts';

export interface CheckedHost {
  facts: HostFacts;
  /** Every PCI function of the host. */
  functions: readonly PciFunction[];
  deviceSpecs: readonly DeviceSpec[];
  /** How many VFs a PF is to have, by its interface or address. */
  vfCounts: Readonly<Record<string, number>>;
  /** What on the host uses the offered functions, as text, by address. Absent: not checked. */
  uses?: ReadonlyMap<PciAddress, readonly string[]>;
}

/**
 * A row for each check; what was not checked has none. Example: `checkHost(host).some(({ level })
 * => level === 'fail')`.
 */
export function checkHost({
  facts,
  functions,
  deviceSpecs,
  vfCounts,
  uses,
}: CheckedHost): HostCheck[] {
  const matchDevice = compileDeviceSpecs(deviceSpecs, functions);
  const offered = functions.filter((fn) => matchDevice(fn) !== undefined);
  return [
    ...checkMachine(facts),
    ...checkIommu(facts, offered),
    ...checkDevices(facts, { deviceSpecs, vfCounts, functions, offered }),
    ...(facts.nodeDevices === undefined ? [] : checkNodeDevices(facts.nodeDevices, offered)),
    ...(uses === undefined ? [] : checkUses(offered, uses)),
  ];
}

/**
 * Checks of the cards whose functions the host offers: SR-IOV, VF counts, links, drivers, and the
 * device specs themselves.
 */
import { compileDeviceSpecs } from '../pci/specs/device-matcher.ts';
import { isForeignDriver } from '../pci/devices/foreign-driver.ts';
import type { PciFunction } from '../pci/devices/device.ts';
import { hasIfname } from '../pci/devices/interface-names.ts';
import { auditDeviceSpecs, printFinding } from '../pci/specs/device-spec-audit.ts';
import type { DeviceSpec } from '../pci/specs/device-spec.ts';
import { hasNoPfInterface } from '../pci/specs/sriov-warnings.ts';
import { type HostCheck, report } from './host-check.ts';
import type { FunctionDetails, HostFacts } from './host-facts.ts';

/** What the operator has set for this host. */
export interface OfferedDevices {
  deviceSpecs: readonly DeviceSpec[];
  /** How many VFs a PF is to have, by its interface or address. Example: `{ enp1s0: 4 }`. */
  vfCounts: Readonly<Record<string, number>>;
  /** Every function of the host. */
  functions: readonly PciFunction[];
  /** Those that the device specs admit. */
  offered: readonly PciFunction[];
}

export function checkDevices(facts: HostFacts, devices: OfferedDevices): HostCheck[] {
  const { deviceSpecs, vfCounts, functions } = devices;
  const details = new Map(facts.functions.map((each) => [each.address, each]));
  const pfs = pfsOf(devices);
  return [
    ...(deviceSpecs.length === 0 ? [] : [specs(devices)]),
    ...Object.keys(vfCounts)
      .filter((name) => !functions.some((fn) => isNamed(fn, name)))
      .map((name) =>
        report(`PF ${name}`, 'pf-missing').fail(
          'vf_counts names it, and this host has no such PCI function',
          'correct the name (ip -br link), or take it out of vf_counts',
        ),
      ),
    ...pfs.flatMap((pf) => {
      const found = details.get(pf.address);
      return found === undefined ? [] : [virtualFunctions(pf, found, vfCounts), ...link(pf, found)];
    }),
    ...pfsWithoutInterface(devices, details),
    ...drivers(devices.offered, details),
  ];
}

/** PFs that are offered, whose VFs are, or that are to have a number of VFs; in address order. */
function pfsOf({ functions, offered, vfCounts }: OfferedDevices): PciFunction[] {
  const wanted = new Set(
    offered.flatMap(({ deviceType, address, parentAddress }) =>
      deviceType === 'type-PF' ? [address] : parentAddress === null ? [] : [parentAddress],
    ),
  );
  const counted = Object.keys(vfCounts);
  return functions.filter(
    (fn) => wanted.has(fn.address) || counted.some((name) => isNamed(fn, name)),
  );
}

function isNamed(fn: PciFunction, name: string): boolean {
  return fn.address === name.toLowerCase() || hasIfname(fn, name);
}

function titleOf({ address, ifname }: PciFunction): string {
  return ifname === null ? address : `${ifname} ${address}`;
}

function specs({ deviceSpecs, functions, offered }: OfferedDevices): HostCheck {
  const row = report('Device specs', 'device-spec');
  const [first, ...more] = auditDeviceSpecs(deviceSpecs, functions);
  if (first === undefined)
    return row.ok(`admit ${offered.length} of ${functions.length} functions`);
  const others = more.length === 0 ? '' : ` (and ${more.length} more findings)`;
  return row.warn(`${printFinding(first)}${others}`, 'novella pci check shows every entry');
}

function virtualFunctions(
  pf: PciFunction,
  { vfs }: FunctionDetails,
  vfCounts: OfferedDevices['vfCounts'],
): HostCheck {
  const row = report(`VFs of ${titleOf(pf)}`, 'vf-count');
  const wanted = Object.entries(vfCounts).find(([name]) => isNamed(pf, name))?.[1];
  if (vfs === null || vfs.total === 0) {
    return row.fail(
      'it has no SR-IOV',
      "enable SR-IOV in the firmware setup and in the card's own (mlxconfig, bnxtnvm, …)",
    );
  }
  const found = `${vfs.current} of at most ${vfs.total}`;
  if (wanted === undefined) {
    if (vfs.current > 0) return row.ok(found);
    return row.warn(found, `write ${pf.ifname ?? pf.address}: N below vf_counts`);
  }
  if (wanted > vfs.total) {
    return row.fail(`${found}; vf_counts requires ${wanted}`, `lower it to ${vfs.total} or less`);
  }
  if (wanted === vfs.current) return row.ok(found);
  return row.warn(
    `${found}; vf_counts requires ${wanted}`,
    'start the agent: it makes them while none is in use',
  );
}

/**
 * A PF inside a guest has no interface to check here; that of an InfiniBand PF, IPoIB, does not
 * affect its VFs.
 */
function link(pf: PciFunction, { link: found }: FunctionDetails): HostCheck[] {
  if (found === null || pf.isInfiniBand === true) return [];
  const row = report(`Link of ${titleOf(pf)}`, 'pf-down');
  if (!found.isUp) {
    return [
      row.fail(
        'down: its VFs carry no traffic',
        `ip link set ${found.ifname} up, and so at every boot`,
      ),
    ];
  }
  if (found.hasCarrier === false) {
    return [row.warn('up, no carrier', 'check cable, transceiver and switch port')];
  }
  return [row.ok('up')];
}

/** VFs for ports whose PF has no interface: every start with one of them would be refused. */
function pfsWithoutInterface(
  { offered, functions, deviceSpecs }: OfferedDevices,
  details: ReadonlyMap<string, FunctionDetails>,
): HostCheck[] {
  const match = compileDeviceSpecs(deviceSpecs, functions);
  const vfs = offered.filter(
    (fn) => 'physical_network' in (match(fn)?.tags ?? {}) && hasNoPfInterface(fn, functions),
  );
  return [...Map.groupBy(vfs, ({ parentAddress }) => parentAddress)].flatMap(([pf, group]) => {
    if (pf === null) return [];
    const driver = details.get(pf)?.driver ?? null;
    return report(`Interface of PF ${pf}`, 'pf-without-interface').fail(
      `it has none (driver ${driver ?? 'none'}), and ${group.length === 1 ? 'its VF is' : `its ${group.length} VFs are`} set up through it: no port can get one`,
      "bind the PF's own network driver, or take its VFs out of the device specs",
    );
  });
}

function drivers(
  offered: readonly PciFunction[],
  details: ReadonlyMap<string, FunctionDetails>,
): HostCheck[] {
  if (offered.length === 0) return [];
  const row = report('Drivers', 'foreign-driver');
  const foreign = offered.flatMap(({ address }) => {
    const driver = details.get(address)?.driver ?? null;
    return driver !== null && isForeignDriver(driver) ? [{ address, driver }] : [];
  });
  const [first] = foreign;
  if (first === undefined) return [row.ok('no offered device belongs to a program of this host')];
  const more = foreign.length === 1 ? '' : ` (and ${foreign.length - 1} more)`;
  return [
    row.warn(
      `${first.address} is bound to ${first.driver}${more}`,
      `echo ${first.address} > /sys/bus/pci/drivers/${first.driver}/unbind, or take it out of the device specs`,
    ),
  ];
}

/** What the device specs in force on a host do there, for its controller to show. */
import type { PciAddress } from '../devices/address.ts';
import type { PciDeviceType, PciFunction } from '../devices/device.ts';
import { type DeviceSpec, namedFinder } from './device-spec.ts';
import { nearestEntry } from './failed-fields.ts';
import { printDeviceSpec } from './print-device-spec.ts';

/** An entry of the list. `admits`: how many functions it is the first to admit. */
export interface OfferedEntry {
  entry: number;
  source: string;
  deviceSpec: Record<string, unknown>;
  admits: number;
}

/**
 * A PF or VF that no entry admits. `nearest`: the entry that it fails in the fewest keys, with
 * these; null: none has anything in common with it.
 */
export interface LeftOutFunction {
  address: PciAddress;
  vendorId: string;
  productId: string;
  deviceType: PciDeviceType;
  parentAddress: PciAddress | null;
  numaNode: number | null;
  ifname: string | null;
  vfNum: number | null;
  nearest: { entry: number; failed: string[] } | null;
}

export interface HostOffer {
  entries: OfferedEntry[];
  leftOut: LeftOutFunction[];
}

/** The most entries and functions that a host lists; the rest is left out. */
export const mostOffered = { entries: 512, leftOut: 1_024 } as const;

/**
 * `takerOf`: the entry that admits a function, as `compileDeviceSpecs` finds it. Example: one entry
 * for 8086:10ca, one such VF and its PF → `admits: 1`, and the PF left out.
 */
export function hostOffer(
  specs: readonly DeviceSpec[],
  functions: readonly PciFunction[],
  takerOf: (fn: PciFunction) => DeviceSpec | undefined,
): HostOffer {
  const namedBy = namedFinder(functions);
  const naming = specs.map((spec) => ({ spec, named: namedBy(spec) }));
  const admits = new Map<number, number>();
  const leftOut: LeftOutFunction[] = [];
  for (const fn of functions) {
    const taker = takerOf(fn);
    if (taker !== undefined) admits.set(taker.entry, (admits.get(taker.entry) ?? 0) + 1);
    else if (isSriov(fn) && leftOut.length < mostOffered.leftOut) {
      const nearest = nearestEntry(naming, fn);
      leftOut.push({
        address: fn.address,
        vendorId: fn.vendorId,
        productId: fn.productId,
        deviceType: fn.deviceType,
        parentAddress: fn.parentAddress,
        numaNode: fn.numaNode,
        ifname: fn.ifname,
        vfNum: fn.capabilities.sriov?.vfNum ?? null,
        nearest:
          nearest === undefined ? null : { entry: nearest.spec.entry, failed: [...nearest.failed] },
      });
    }
  }
  const entries = specs.slice(0, mostOffered.entries).map((spec) => ({
    entry: spec.entry,
    source: spec.source,
    deviceSpec: printDeviceSpec(spec),
    admits: admits.get(spec.entry) ?? 0,
  }));
  return { entries, leftOut };
}

/** Why no entry admits it. Example: `no device spec admits it; entry 0 is nearest: product_id`. */
export function whyLeftOut({ nearest }: Pick<LeftOutFunction, 'nearest'>): string {
  const none = 'no device spec of the host admits it';
  if (nearest === null) return `${none}, and none matches it in any key`;
  return `${none}; entry ${nearest.entry} would, but for ${nearest.failed.join(' and ')}`;
}

function isSriov({ deviceType }: PciFunction): boolean {
  return deviceType !== 'type-PCI';
}

/** What an operator should know of a device list that was accepted: entries that admit nothing, and why. Never a silent no-match. */
import type { PciFunction } from './device.ts';
import { admits, type DeviceSpec, matchDevice } from './device-spec.ts';

/** Something odd about one entry. `absent-netdev` and `no-match` may be mended by a driver or a cable; `shadowed` never. */
export interface DeviceSpecFinding {
  code: 'warning' | 'absent-netdev' | 'no-match' | 'shadowed';
  entry: number;
  source: string;
  message: string;
}

/**
 * The findings of a list on a host, in entry order. Example: entry 1 admits only what entry 0 takes first → `{ code: 'shadowed', entry: 1,
 * message: 'every function it admits is taken by an earlier entry (0)' }`.
 */
export function auditDeviceSpecs(
  specs: readonly DeviceSpec[],
  functions: readonly PciFunction[],
): DeviceSpecFinding[] {
  const takers = new Map(
    functions.map((fn) => [fn, matchDevice(specs, fn, functions)?.spec.entry] as const),
  );
  return specs.flatMap((spec) => {
    const about = { entry: spec.entry, source: spec.source };
    const warnings = spec.warnings.map(
      (message) => ({ code: 'warning', ...about, message }) as const,
    );
    const unused = whyUnused(spec, functions, takers);
    return unused === undefined ? warnings : [...warnings, { ...about, ...unused }];
  });
}

function whyUnused(
  spec: DeviceSpec,
  functions: readonly PciFunction[],
  takers: ReadonlyMap<PciFunction, number | undefined>,
): Pick<DeviceSpecFinding, 'code' | 'message'> | undefined {
  const own = functions.filter((fn) => admits(spec, fn, functions));
  if (own.some((fn) => takers.get(fn) === spec.entry)) return undefined;
  if (own.length > 0) {
    const earlier = [...new Set(own.map((fn) => takers.get(fn)))].join(', ');
    return {
      code: 'shadowed',
      message: `every function it admits is taken by an earlier entry (${earlier})`,
    };
  }
  if (spec.devname !== null && !functions.some(({ ifname }) => ifname === spec.devname)) {
    return {
      code: 'absent-netdev',
      message: `the host has no network interface "${spec.devname}"`,
    };
  }
  return { code: 'no-match', message: 'no PCI function of the host matches it' };
}

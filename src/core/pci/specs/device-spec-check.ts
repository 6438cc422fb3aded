/**
 * The dry run of a device list on a host: what each entry does, and for each function which entry
 * takes it, or which is nearest.
 */
import type { PciAddress } from '../devices/address.ts';
import type { DeviceTags, PciFunction } from '../devices/device.ts';
import type { DeviceSpec } from './device-spec.ts';
import {
  type AuditOptions,
  auditEntry,
  coveringOf,
  type DeviceSpecFinding,
  type EntryCover,
} from './device-spec-audit.ts';
import { type NearMiss, nearestEntry } from './failed-fields.ts';
import { type PoolWithDevices, groupByPool } from '../pools/pool.ts';
import { allAtOnce, type Steps } from '../../steps.ts';

/** One entry with what it does and what is odd about it. */
export interface CheckedEntry extends EntryCover {
  findings: DeviceSpecFinding[];
}

/**
 * One function: offered by an entry, or not, with the nearest entry if any has something in common
 * with it.
 */
export interface CheckedFunction {
  fn: PciFunction;
  taker: DeviceSpec | undefined;
  nearest: NearMiss | undefined;
}

export interface DeviceSpecCheck {
  entries: CheckedEntry[];
  functions: CheckedFunction[];
  /** As they would be with nothing held; a quarantined function is in none. */
  pools: PoolWithDevices[];
}

/** Tries the list on these functions. Changes nothing. */
export function checkDeviceSpecs(
  specs: readonly DeviceSpec[],
  functions: readonly PciFunction[],
  options: AuditOptions = {},
): DeviceSpecCheck {
  return allAtOnce(checkingDeviceSpecs(specs, functions, options));
}

/**
 * The same, pausing after each entry and each function: the total work is the product of both
 * counts.
 */
export function* checkingDeviceSpecs(
  specs: readonly DeviceSpec[],
  functions: readonly PciFunction[],
  options: AuditOptions = {},
): Steps<DeviceSpecCheck> {
  const covers = yield* coveringOf(specs, functions, options.hostFunctions);
  const takers = takersOf(covers);
  const entries: CheckedEntry[] = [];
  for (const cover of covers) {
    entries.push({ ...cover, findings: auditEntry(cover, functions, options) });
    yield;
  }
  const checked: CheckedFunction[] = [];
  for (const fn of functions) {
    const taker = takers.get(fn.address);
    const nearest = taker === undefined ? nearestEntry(covers, fn) : undefined;
    checked.push({ fn, taker, nearest });
    yield;
  }
  return { entries, functions: checked, pools: poolsIfFree(functions, takers) };
}

/** What the list offers: addresses with the tags they would have. */
export function offeredTags(check: DeviceSpecCheck): Map<PciAddress, DeviceTags> {
  return new Map(
    check.functions.flatMap(({ fn, taker }): [PciAddress, DeviceTags][] =>
      taker === undefined ? [] : [[fn.address, taker.tags]],
    ),
  );
}

function takersOf(covers: readonly EntryCover[]): Map<PciAddress, DeviceSpec> {
  return new Map(
    covers.flatMap(({ spec, taken }) =>
      taken.map(({ address }): [PciAddress, DeviceSpec] => [address, spec]),
    ),
  );
}

function poolsIfFree(
  functions: readonly PciFunction[],
  takers: ReadonlyMap<PciAddress, DeviceSpec>,
): PoolWithDevices[] {
  const free = functions.flatMap((fn) => {
    const taker = takers.get(fn.address);
    const unheld = { status: 'available', serverId: null, requestId: null } as const;
    const isFree = taker !== undefined && fn.quarantine === undefined;
    return !isFree ? [] : [{ ...fn, tags: taker.tags, ...unheld }];
  });
  return groupByPool(free);
}

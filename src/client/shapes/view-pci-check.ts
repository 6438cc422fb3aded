/** Makes the document of a dry run; its shape is in `pci-check.ts`. */
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { CheckedAlias } from '#core/pci/pools/alias-check.ts';
import type {
  CheckedEntry,
  CheckedFunction,
  DeviceSpecCheck,
} from '#core/pci/specs/device-spec-check.ts';
import type { DeviceSpecChange } from '#core/pci/specs/device-spec-change.ts';
import { ifnamesOf } from '#core/pci/devices/interface-names.ts';
import type { NearMiss } from '#core/pci/specs/failed-fields.ts';
import type { PciDevicePool, PoolWithDevices } from '#core/pci/pools/pool.ts';
import { printDeviceSpec } from '#core/pci/specs/print-device-spec.ts';
import { printStatsEntry, statsEntries } from '#core/pci/pools/stats-entry.ts';
import type {
  AliasView,
  ChangeView,
  CheckView,
  EntryView,
  FunctionView,
  OfferedPoolView,
} from './pci-check.ts';

/** What a dry run found, as its maker has it. */
export interface CheckParts {
  check: DeviceSpecCheck;
  refused: readonly string[];
  aliases?: readonly CheckedAlias[];
  functionsFrom: CheckView['functions_from'];
  unreadable: CheckView['unreadable'];
  /** By address; absent: not inspected. */
  uses?: ReadonlyMap<PciAddress, readonly string[]>;
  change?: { host: string; difference: DeviceSpecChange };
}

/** The entire document. */
export function viewCheck(parts: CheckParts): CheckView {
  const { check, refused, aliases = [], functionsFrom, unreadable } = parts;
  const change =
    parts.change === undefined ? null : viewChange(parts.change.host, parts.change.difference);
  const entries = check.entries.map(viewEntry);
  const pools = check.pools.map(({ pool }) => pool);
  const hasProblem = entries.some(({ findings }) =>
    findings.some(({ level }) => level === 'problem'),
  );
  const isFine = refused.length === 0 && !hasProblem;
  return {
    result: change?.safe === false ? 'unsafe' : isFine ? 'fine' : 'problems',
    functions_from: functionsFrom,
    unreadable: [...unreadable],
    refused: [...refused],
    entries,
    functions: viewFunctions(check, parts.uses),
    aliases: aliases.map(viewAlias),
    pools: pools.map(viewPool),
    stats: statsEntries(pools).map(printStatsEntry),
    change,
  };
}

function viewEntry({ spec, admitted, taken, takenBefore, findings }: CheckedEntry): EntryView {
  return {
    entry: spec.entry,
    source: spec.source,
    device_spec: printDeviceSpec(spec),
    matches: admitted.length,
    takes: taken.length,
    taken_before: [...takenBefore].map(([entry, count]) => ({ entry, count })),
    findings: findings.map(({ level, code, message }) => ({ level, code, message })),
  };
}

function viewPool(pool: PciDevicePool): OfferedPoolView {
  return {
    vendor_id: pool.vendorId,
    product_id: pool.productId,
    numa_node: pool.numaNode,
    dev_type: pool.deviceType,
    address: pool.address,
    parent_ifname: pool.parentIfname,
    tags: pool.tags,
    count: pool.count,
  };
}

function viewAlias({ name, takes, types, warning }: CheckedAlias): AliasView {
  const findings = warning === null ? [] : [{ level: 'warning' as const, ...warning }];
  return { name, takes, dev_types: types, findings };
}

function viewFunctions(
  { functions, pools }: DeviceSpecCheck,
  uses: CheckParts['uses'],
): FunctionView[] {
  const poolOf = new Map(
    pools.flatMap(({ free }: PoolWithDevices, at) =>
      free.map(({ address }): [string, number] => [address, at]),
    ),
  );
  return functions.map(({ fn, taker, nearest }: CheckedFunction) => ({
    address: fn.address,
    dev_type: fn.deviceType,
    vendor_id: fn.vendorId,
    product_id: fn.productId,
    ifname: fn.ifname,
    ifnames: ifnamesOf(fn),
    parent_addr: fn.parentAddress,
    numa_node: fn.numaNode,
    entry: taker?.entry ?? null,
    tags: taker?.tags ?? null,
    pool: poolOf.get(fn.address) ?? null,
    host_uses: uses === undefined ? null : [...(uses.get(fn.address) ?? [])],
    quarantine: taker === undefined ? null : (fn.quarantine ?? null),
    nearest: viewNearest(nearest),
  }));
}

function viewNearest(nearest: NearMiss | undefined): FunctionView['nearest'] {
  return nearest === undefined ? null : { entry: nearest.spec.entry, failed: nearest.failed };
}

function viewChange(host: string, change: DeviceSpecChange): ChangeView {
  return {
    host,
    appearing: change.appearing,
    lost: change.lost.map(({ address, status, serverId }) => ({
      address,
      status,
      instance_uuid: serverId,
    })),
    retagged: change.retagged.map(({ device, changes, isSafe }) => ({
      address: device.address,
      instance_uuid: device.serverId,
      safe: isSafe,
      tags: Object.fromEntries(
        Object.entries(changes).map(([tag, { from, to }]) => [
          tag,
          { from: from ?? null, to: to ?? null },
        ]),
      ),
    })),
    kept: change.kept,
    safe: change.isSafe,
  };
}

/**
 * The JSON form of a dry run: what `novella pci check --json` prints and the operator's API
 * answers. Lists refer to entries by number.
 */
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { CheckedAlias } from '#core/pci/pools/alias-check.ts';
import type { DeviceTags, PciDeviceStatus, PciDeviceType } from '#core/pci/devices/device.ts';
import type { DeviceSpecFinding } from '#core/pci/specs/device-spec-audit.ts';
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

export interface EntryView {
  entry: number;
  source: string;
  device_spec: Record<string, unknown>;
  /** Functions that it would admit alone, and those that it is the first to admit. */
  matches: number;
  takes: number;
  /** Who takes the others. */
  taken_before: { entry: number; count: number }[];
  findings: Pick<DeviceSpecFinding, 'level' | 'code' | 'message'>[];
}

export interface FunctionView {
  address: string;
  dev_type: PciDeviceType;
  vendor_id: string;
  product_id: string;
  ifname: string | null;
  /** All of its interfaces, `ifname` first. */
  ifnames: string[];
  parent_addr: string | null;
  numa_node: number | null;
  /** null: not offered. */
  entry: number | null;
  tags: DeviceTags | null;
  /** Its place in `pools`. */
  pool: number | null;
  /** Who on the host uses an offered function; null: not looked at. */
  host_uses: string[] | null;
  /**
   * Of a function that is not offered: the entry that fails it in the fewest keys, with these.
   * Example: `product_id`, `address.function`.
   */
  nearest: { entry: number; failed: string[] } | null;
}

export interface AliasView {
  name: string;
  /** Offered functions that it can take, and of which types they are. */
  takes: number;
  dev_types: PciDeviceType[];
  findings: { level: 'warning'; code: string; message: string }[];
}

export interface ChangeView {
  host: string;
  appearing: string[];
  lost: { address: string; status: PciDeviceStatus; instance_uuid: string | null }[];
  retagged: {
    address: string;
    instance_uuid: string | null;
    /** false: a server holds it, and its physical network or trust would change. */
    safe: boolean;
    tags: Record<string, { from: string | null; to: string | null }>;
  }[];
  kept: number;
  safe: boolean;
}

/** Functions alike in all that a request can ask for. `address` is their PF's. */
export interface OfferedPoolView {
  vendor_id: string;
  product_id: string;
  numa_node: number | null;
  dev_type: PciDeviceType;
  address: string;
  parent_ifname: string | null;
  tags: DeviceTags;
  count: number;
}

/**
 * `result`: `unsafe` when a server would lose a device, or its physical network or trust; else
 * `problems` when an entry is refused or of no effect; else `fine`.
 */
export interface CheckView {
  result: 'fine' | 'problems' | 'unsafe';
  /**
   * Where the functions come from, and whether they are all of the host's; `note` says what is not.
   */
  functions_from: { source: string; complete: boolean; note: string | null };
  unreadable: { address: string; problem: string }[];
  refused: string[];
  entries: EntryView[];
  functions: FunctionView[];
  /** Empty where no aliases are written beside the list. */
  aliases: AliasView[];
  /** As they would be with nothing held. */
  pools: OfferedPoolView[];
  /** The same, rolled up. Example: `physnet1, 10ca, 8086 : 4`. */
  stats: string[];
  /** null: not compared with a controller. */
  change: ChangeView | null;
}

/** What a dry run found, as its maker has it. */
export interface CheckParts {
  check: DeviceSpecCheck;
  refused: readonly string[];
  aliases?: readonly CheckedAlias[];
  functionsFrom: CheckView['functions_from'];
  unreadable: CheckView['unreadable'];
  /** By address; absent: not looked at. */
  uses?: ReadonlyMap<PciAddress, readonly string[]>;
  change?: { host: string; difference: DeviceSpecChange };
}

/** The whole document. */
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

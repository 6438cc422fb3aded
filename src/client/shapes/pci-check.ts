/**
 * The dry run of a device list: what `novella pci check --json` prints and the operator API
 * answers. Lists refer to entries by number.
 */
import { type Static, Type } from 'typebox';
import { DeviceStatus, DeviceType, Tags } from './pci.ts';
import { Links, mapOf, nullable, shape } from './shape.ts';

export const EntryView = shape({
  entry: Type.Integer(),
  source: Type.String(),
  device_spec: mapOf(Type.Unknown()),
  /** Functions that it would admit alone, and those that it is the first to admit. */
  matches: Type.Integer(),
  takes: Type.Integer(),
  /** Which entry admits the others. */
  taken_before: Type.Array(shape({ entry: Type.Integer(), count: Type.Integer() })),
  findings: Type.Array(
    shape({
      level: Type.Enum(['problem', 'warning']),
      code: Type.String(),
      message: Type.String(),
    }),
  ),
});
export type EntryView = Static<typeof EntryView>;

export const FunctionView = shape({
  address: Type.String(),
  dev_type: DeviceType,
  vendor_id: Type.String(),
  product_id: Type.String(),
  ifname: nullable(Type.String()),
  /** All of its interfaces, `ifname` first. */
  ifnames: Type.Array(Type.String()),
  parent_addr: nullable(Type.String()),
  numa_node: nullable(Type.Integer()),
  /** null: not offered. */
  entry: nullable(Type.Integer()),
  tags: nullable(Tags),
  /** Its place in `pools`. */
  pool: nullable(Type.Integer()),
  /** What on the host uses an offered function; null: not inspected. */
  host_uses: nullable(Type.Array(Type.String())),
  /** Why no server gets a function that an entry admits; null: nothing is known against it. */
  quarantine: nullable(Type.String()),
  /**
   * Of a function that is not offered: the entry that fails it in the fewest keys, with these.
   * Example: `product_id`, `address.function`.
   */
  nearest: nullable(shape({ entry: Type.Integer(), failed: Type.Array(Type.String()) })),
});
export type FunctionView = Static<typeof FunctionView>;

export const AliasView = shape({
  name: Type.String(),
  /** Offered functions that it can take, and of which types they are. */
  takes: Type.Integer(),
  dev_types: Type.Array(DeviceType),
  findings: Type.Array(
    shape({ level: Type.Literal('warning'), code: Type.String(), message: Type.String() }),
  ),
});
export type AliasView = Static<typeof AliasView>;

/** Functions alike in all that a request can specify. `address` is their PF's. */
export const OfferedPoolView = shape({
  vendor_id: Type.String(),
  product_id: Type.String(),
  numa_node: nullable(Type.Integer()),
  dev_type: DeviceType,
  address: Type.String(),
  parent_ifname: nullable(Type.String()),
  tags: Tags,
  count: Type.Integer(),
});
export type OfferedPoolView = Static<typeof OfferedPoolView>;

/** What the list would change on a running controller. */
export const ChangeView = shape({
  host: Type.String(),
  appearing: Type.Array(Type.String()),
  lost: Type.Array(
    shape({
      address: Type.String(),
      status: DeviceStatus,
      instance_uuid: nullable(Type.String()),
    }),
  ),
  retagged: Type.Array(
    shape({
      address: Type.String(),
      instance_uuid: nullable(Type.String()),
      /** false: a server holds it, and its physical network or trust would change. */
      safe: Type.Boolean(),
      tags: mapOf(shape({ from: nullable(Type.String()), to: nullable(Type.String()) })),
    }),
  ),
  kept: Type.Integer(),
  safe: Type.Boolean(),
});
export type ChangeView = Static<typeof ChangeView>;

/** What a check results in, from the best to the worst. */
export const checkResults = ['fine', 'problems', 'unsafe'] as const;

/**
 * `result`: `unsafe` when a server would lose a device, or its physical network or trust; else
 * `problems` when an entry is refused or of no effect; else `fine`.
 */
export const CheckView = shape({
  result: Type.Enum([...checkResults]),
  /**
   * Where the functions come from, and whether they are all of the host's; `note` lists what is
   * not.
   */
  functions_from: shape({
    source: Type.String(),
    complete: Type.Boolean(),
    note: nullable(Type.String()),
  }),
  unreadable: Type.Array(shape({ address: Type.String(), problem: Type.String() })),
  refused: Type.Array(Type.String()),
  entries: Type.Array(EntryView),
  functions: Type.Array(FunctionView),
  /** Empty where no aliases are written beside the list. */
  aliases: Type.Array(AliasView),
  /** As they would be with nothing held. */
  pools: Type.Array(OfferedPoolView),
  /** The same, rolled up. Example: `physnet1, 10ca, 8086 : 4`. */
  stats: Type.Array(Type.String()),
  /** null: not compared with a controller. */
  change: nullable(ChangeView),
});
export type CheckView = Static<typeof CheckView>;

/** The worst of these. Example: of `fine` and `problems`: `problems`; of none: `fine`. */
export function worstResult(views: readonly Pick<CheckView, 'result'>[]): CheckView['result'] {
  return checkResults.findLast((result) => views.some((view) => view.result === result)) ?? 'fine';
}

/** The dry run for a page of hosts, by name; `result`: the worst of them. */
export const ChecksView = shape({
  result: CheckView.properties.result,
  hosts: Type.Array(CheckView),
  hosts_links: Type.Optional(Links),
});
export type ChecksView = Static<typeof ChecksView>;

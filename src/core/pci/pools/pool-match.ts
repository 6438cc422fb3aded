/**
 * Which pools a request may take from, and in which order. Counts do not matter here: `allocate.ts`
 * and `support.ts` count.
 */
import { comparePciAddresses } from '../devices/address.ts';
import { isTrue } from '../devices/boolean-text.ts';
import type { PciDevicePool } from './pool.ts';
import type { NumaPolicy, PciRequest, PciRequestSpec } from '../requests/request.ts';

/** A NUMA node of the host and the socket it is on; `socket` null or absent: not reported. */
export interface HostNumaNode {
  id: number;
  socket?: number | null;
}

/**
 * Where the guest's memory and CPUs are. `cells` absent or empty: it has no NUMA topology, and
 * policies do not apply.
 */
export interface NumaPlacement {
  cells?: readonly number[];
  host?: readonly HostNumaNode[];
}

/**
 * Does the pool match one of the request's specs, and may this kind of device be taken without
 * naming it? A PF, a vdpa device and a remote-managed device are taken only if every spec requires
 * that kind. Source: Nova `_filter_pools_for_spec`, `_filter_pools_for_unrequested_*`.
 */
export function matchesRequest(pool: PciDevicePool, request: PciRequest): boolean {
  const { spec } = request;
  return (
    (pool.deviceType !== 'type-PF' || requestsOnly(spec, 'type-PF')) &&
    (pool.deviceType !== 'vdpa' || requestsOnly(spec, 'vdpa')) &&
    matchesAny(pool, spec) &&
    (!isTrue(pool.tags['remote_managed']) || spec.every((one) => isTrue(one['remote_managed'])))
  );
}

/** Does every spec name this device type? */
export function requestsOnly(spec: readonly PciRequestSpec[], deviceType: string): boolean {
  return spec.every((one) => same(one['dev_type'], deviceType));
}

/**
 * The keys of the spec that the pool does not match. Text is compared ignoring case; null requires
 * a tag that is null or absent. Example: pool on physnet1, spec `{ physical_network: 'physnet2' }`
 * → `['physical_network']`. Source: Nova `pci_device_prop_match`.
 */
export function mismatches(pool: PciDevicePool, spec: PciRequestSpec): string[] {
  return Object.keys(spec).filter((key) => !isMet(pool, key, spec[key]));
}

/**
 * The one key of the spec that the pool does not match; undefined where it misses none, or more.
 */
export function soleMismatch(pool: PciDevicePool, spec: PciRequestSpec): string | undefined {
  let sole: string | undefined;
  for (const key in spec) {
    if (isMet(pool, key, spec[key])) continue;
    if (sole !== undefined) return undefined;
    sole = key;
  }
  return sole;
}

/** Does the pool match the spec, apart from these keys? */
export function matchesBut(
  pool: PciDevicePool,
  spec: PciRequestSpec,
  except: readonly string[],
): boolean {
  for (const key in spec) {
    if (!except.includes(key) && !isMet(pool, key, spec[key])) return false;
  }
  return true;
}

/**
 * True when `mismatches` is empty, in plain loops: a decision checks every pool of every host that
 * may fit. Measured: twice as fast.
 */
function matchesAny(pool: PciDevicePool, spec: readonly PciRequestSpec[]): boolean {
  for (const one of spec) if (matchesSpec(pool, one)) return true;
  return false;
}

function matchesSpec(pool: PciDevicePool, spec: PciRequestSpec): boolean {
  for (const key in spec) if (!isMet(pool, key, spec[key])) return false;
  return true;
}

function isMet(pool: PciDevicePool, key: string, requested: string | null | undefined): boolean {
  return same(poolValue(pool, key), requested) || keysOutsidePools.has(key);
}

/** `capability_type` can only be "pci"; the others are for Nova's Placement. */
const keysOutsidePools = new Set(['resource_class', 'traits', 'capability_type']);

/**
 * The pool's value of a key of requests, or of a tag, in Nova's spelling. A tag cannot override a
 * key. Example: `poolValue(pool, 'dev_type')` → `'type-VF'`.
 */
export function poolValue(pool: PciDevicePool, key: string): string | null | undefined {
  switch (key) {
    case 'vendor_id':
      return pool.vendorId;
    case 'product_id':
      return pool.productId;
    case 'dev_type':
      return pool.deviceType;
    case 'address':
      return pool.address;
    case 'numa_node':
      return pool.numaNode === null ? null : String(pool.numaNode);
    case 'parent_ifname':
      return pool.parentIfname ?? pool.tags[key];
    default:
      return pool.tags[key];
  }
}

function same(has: string | null | undefined, requested: string | null | undefined): boolean {
  if (has === requested) return true;
  const text = (requested ?? null)?.toLowerCase();
  return has === text || (has ?? null)?.toLowerCase() === text;
}

/**
 * May a device on this node be used under the policy? legacy: the guest's nodes or none reported;
 * required: the guest's nodes; socket: any node of their sockets; preferred: any. Source: Nova
 * `_filter_pools_for_numa_cells`, `_filter_pools_for_socket_affinity`.
 */
export function allowsNumaNode(
  policy: NumaPolicy | null,
  numaNode: number | null,
  { cells = [], host = [] }: NumaPlacement,
): boolean {
  if (cells.length === 0 || policy === 'preferred') return true;
  if (numaNode === null) return (policy ?? 'legacy') === 'legacy';
  if (cells.includes(numaNode)) return true;
  return policy === 'socket' && socketNodes(cells, host).has(numaNode);
}

/**
 * The nodes that share a socket with the guest; empty where one node's socket is unknown, as the
 * result would be unreliable.
 */
function socketNodes(cells: readonly number[], host: readonly HostNumaNode[]): Set<number> {
  if (host.some(({ socket = null }) => socket === null)) return new Set();
  const sockets = new Set(host.filter((node) => cells.includes(node.id)).map((n) => n.socket));
  return new Set(host.filter((node) => sockets.has(node.socket)).map((node) => node.id));
}

/**
 * Sorts pools for taking: on the guest's nodes first, then those on no known node, then PFs of
 * cards that no other request of the server can use (`contested` has the others), then those with
 * the fewest keys (special devices are kept for requests that need them), then by address. Source:
 * Nova keeps pools ordered by their number of keys, and tries stricter NUMA policies first.
 */
export function inTakingOrder(
  pools: readonly PciDevicePool[],
  { cells = [] }: NumaPlacement,
  contested: ReadonlySet<string> = new Set(),
): PciDevicePool[] {
  const distance = ({ numaNode }: PciDevicePool) => {
    if (cells.length === 0) return 0;
    if (numaNode === null) return 1;
    return cells.includes(numaNode) ? 0 : 2;
  };
  const isContested = ({ address }: PciDevicePool) => Number(contested.has(address));
  const keysOf = ({ tags, parentIfname }: PciDevicePool) =>
    Object.keys(tags).length + Number(parentIfname !== null);
  return pools.toSorted(
    (one, other) =>
      distance(one) - distance(other) ||
      isContested(one) - isContested(other) ||
      keysOf(one) - keysOf(other) ||
      comparePciAddresses(one.address, other.address),
  );
}

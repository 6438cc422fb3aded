/**
 * Why a host cannot satisfy requests, in counts: which request, what is free for it, and what
 * misses it by one key only.
 */
import type { Reason } from '../../reason.ts';
import { assignPools, isUsable } from '../pools/assign-pools.ts';
import type { PciDevicePool } from '../pools/pool.ts';
import {
  matchesBut,
  matchesRequest,
  type NumaPlacement,
  poolValue,
  soleMismatch,
} from '../pools/pool-match.ts';
import type { PciRequest, PciRequestSpec } from '../requests/request.ts';
import { interfaceTag } from '../requests/interface-need.ts';
import { deviceNoun, placeOf } from './request-text.ts';

/**
 * Reasons why these pools cannot satisfy all requests; call it only when `assignPools` found no
 * assignment. Example: `[{ code: 'pci-exhausted', message: 'physnet2: 0 of 1 VF free', data: { … }
 * }]`.
 */
export function explainRefusal(
  pools: readonly PciDevicePool[],
  requests: readonly PciRequest[],
  placement: NumaPlacement,
): Reason[] {
  const alone: Refused[] = [];
  for (const request of requests) {
    const free = countOf(pools, (one) => isUsable(one, request, placement));
    if (free >= request.count) continue;
    alone.push({ request, reason: explainOne(pools, request, placement) });
  }
  if (alone.length > 0) return addedUp(alone, pools, placement);
  const crowded = [...Map.groupBy(requests, describeRequest).values()]
    .filter((group) => assignPools(pools, group, placement) === undefined)
    .map((group) => explainGroup(pools, group, placement));
  return crowded.length > 0 ? crowded : [explainTogether(requests)];
}

function describeRequest(request: PciRequest): string {
  return `${placeOf(request)} ${deviceNoun(request)}`;
}

/** A request that these pools cannot satisfy alone. */
interface Refused {
  request: PciRequest;
  reason: Reason;
}

/**
 * Requests refused for the same reason share one reason, which counts all of them. Example: two
 * ports on physnet2 → `physnet2: 0 of 2 VFs free`.
 */
function addedUp(
  alone: readonly Refused[],
  pools: readonly PciDevicePool[],
  placement: NumaPlacement,
): Reason[] {
  if (alone.length === 1) return alone.map(({ reason }) => reason);
  return [...Map.groupBy(alone, ({ reason }) => reason.message).values()].map((alike) => {
    const [{ request, reason }] = alike as [Refused];
    if (alike.length === 1 || reason.code !== 'pci-exhausted') return reason;
    const count = alike.reduce((sum, one) => sum + one.request.count, 0);
    return explainOne(pools, { ...request, count }, placement);
  });
}

function explainOne(
  pools: readonly PciDevicePool[],
  request: PciRequest,
  placement: NumaPlacement,
): Reason {
  const free = countOf(pools, (pool) => matchesRequest(pool, request));
  const data = { requestId: request.requestId, needed: request.count, pools: poolText(pools) };
  if (free >= request.count) {
    const near = countOf(pools, (pool) => isUsable(pool, request, placement));
    const policy = request.numaPolicy ?? 'legacy';
    return {
      code: 'pci-numa',
      message: `${countText(request, near)} on NUMA node ${placement.cells?.join(', ')} (policy ${policy}; ${free - near} free elsewhere)`,
      data: { ...data, free: near, freeElsewhere: free - near, policy },
    };
  }
  const nearest = nearestMiss(pools, request);
  return {
    code: 'pci-exhausted',
    message: countText(request, free) + (nearest === undefined ? '' : ` (${nearest})`),
    data: { ...data, free, ...(nearest !== undefined && { nearest }) },
  };
}

function explainGroup(
  pools: readonly PciDevicePool[],
  group: readonly PciRequest[],
  placement: NumaPlacement,
): Reason {
  const [first] = group as [PciRequest, ...PciRequest[]];
  const usable = pools.filter((pool) => group.some((one) => isUsable(pool, one, placement)));
  const needed = group.reduce((sum, request) => sum + request.count, 0);
  const free = countOf(usable);
  return {
    code: 'pci-exhausted',
    message: countText({ ...first, count: needed }, free),
    data: {
      requestIds: group.map((one) => one.requestId),
      needed,
      free,
      pools: poolText(usable),
    },
  };
}

/**
 * Each kind fits alone but not all together: they compete for the same pools, or for a PF and its
 * VFs.
 */
function explainTogether(requests: readonly PciRequest[]): Reason {
  const kinds = [...Map.groupBy(requests, describeRequest).entries()].map(
    ([description, group]) => {
      const count = group.reduce((sum, request) => sum + request.count, 0);
      return `${count} ${description.startsWith('alias') ? description : `on ${description}`}`;
    },
  );
  return {
    code: 'pci-together',
    message: `each request fits alone, but not all together: ${kinds.join(' and ')} (a PF and its VFs cannot both be taken)`,
    data: { requestIds: requests.map((request) => request.requestId) },
  };
}

function countText(request: PciRequest, free: number): string {
  const noun = deviceNoun(request);
  const plural = request.count === 1 ? noun : `${noun}s`;
  return `${placeOf(request)}: ${free} of ${request.count} ${plural} free`;
}

/**
 * Free devices that miss the request by one key, when that is informative: another physical network
 * or device type is not a near miss. Example: `2 free with trusted unset, "True" requested`.
 */
function nearestMiss(pools: readonly PciDevicePool[], request: PciRequest): string | undefined {
  let first: { miss: Miss; kind: string } | undefined;
  let count = 0;
  for (const spec of request.spec) {
    for (const pool of pools) {
      const miss = pool.count > 0 ? oneMiss(pool, request, spec) : undefined;
      if (miss === undefined) continue;
      first ??= { miss, kind: miss.text(1) };
      if (first.miss === miss || miss.text(1) === first.kind) count += miss.count;
    }
  }
  return first?.miss.text(count);
}

function oneMiss(pool: PciDevicePool, request: PciRequest, spec: PciRequestSpec): Miss | undefined {
  const unsuited = unsuitedType(pool, request, spec);
  if (unsuited !== undefined) return { text: unsuited, count: pool.count };
  const key = soleMismatch(pool, spec);
  if (key === undefined || uninformative.has(key)) return undefined;
  const { [key]: requested, ...others } = spec;
  if (!matchesRequest(pool, { ...request, spec: [others] })) return undefined;
  const has = poolValue(pool, key) ?? null;
  if (key === interfaceTag) return { text: withoutInterface, count: pool.count };
  const shown = has === null ? 'unset' : `"${has}"`;
  return {
    text: (count) => `${count} free with ${key} ${shown}, "${requested ?? 'unset'}" requested`,
    count: pool.count,
  };
}

/** Text for a number of free devices. */
type MissText = (count: number) => string;

interface Miss {
  text: MissText;
  count: number;
}

const withoutInterface: MissText = (count) =>
  `${count === 1 ? '1 VF has' : `${count} VFs have`} no network interface, which macvtap needs`;

/**
 * Devices that are right but for their type: of an alias, as an operator chose its device_type; of
 * a port, those whose NIC has no SR-IOV. Examples: `1 free with dev_type type-PF, type-PCI
 * requested`; `1 free of type PCI: no SR-IOV`.
 */
function unsuitedType(
  pool: PciDevicePool,
  { aliasName }: PciRequest,
  spec: PciRequestSpec,
): MissText | undefined {
  if (!matchesBut(pool, spec, ['dev_type', 'remote_managed'])) return undefined;
  const { dev_type: requested } = spec;
  if (aliasName !== null) {
    const isRequested = requested?.toLowerCase() === pool.deviceType.toLowerCase();
    const isTaken = requested === undefined && !['type-PF', 'vdpa'].includes(pool.deviceType);
    if (isRequested || isTaken) return undefined;
    return (count) =>
      `${count} free with dev_type ${pool.deviceType}, ${requested ?? 'none'} requested`;
  }
  if (pool.deviceType !== 'type-PCI' || !('physical_network' in spec)) return undefined;
  return (count) => `${count} free of type PCI: no SR-IOV`;
}

const uninformative = new Set(['physical_network', 'dev_type', 'vendor_id', 'product_id']);

/** Free devices of the pools that count. */
function countOf(
  pools: readonly PciDevicePool[],
  counts: (pool: PciDevicePool) => boolean = () => true,
): number {
  let sum = 0;
  for (const pool of pools) if (pool.count > 0 && counts(pool)) sum += pool.count;
  return sum;
}

/** The first few, as a decision keeps the reasons of every host. */
function poolText(pools: readonly PciDevicePool[]): string[] {
  return pools.slice(0, poolsNamed).map(poolName);
}

const poolsNamed = 8;

/**
 * Texts of the pools of a fleet, which the refusals of all decisions name until a claim replaces
 * them. Measured: half the time of a refusal.
 */
const poolNames = new WeakMap<PciDevicePool, string>();

function poolName(pool: PciDevicePool): string {
  const known = poolNames.get(pool) ?? printPool(pool);
  poolNames.set(pool, known);
  return known;
}

/** Example: `8086:10ca type-VF of 0000:01:00.0, physical_network physnet1: 3`. */
function printPool(pool: PciDevicePool): string {
  const network = pool.tags['physical_network'];
  const where = network === undefined || network === null ? '' : `, physical_network ${network}`;
  return `${pool.vendorId}:${pool.productId} ${pool.deviceType} of ${pool.address}${where}: ${pool.count}`;
}

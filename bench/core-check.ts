/**
 * Compares the product's answers with those in a data file. Each difference is a text; without a
 * text, all are equal.
 */
import { bookRequests } from '../test/conformance/book-requests.ts';
import { firstDifference } from '../test/conformance/topic.ts';
import { canonical } from '../test/conformance/topics/vif-xml.ts';
import { allocateDevices } from '#core/pci/claims/allocate.ts';
import { claimDevices } from '#core/pci/claims/claim.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { compileDeviceSpecs } from '#core/pci/specs/device-matcher.ts';
import { admits } from '#core/pci/specs/device-spec.ts';
import { type PciDevicePool, poolsOf } from '#core/pci/pools/pool.ts';
import type { NumaPlacement } from '#core/pci/pools/pool-match.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { canSupport, supports } from '#core/pci/claims/support.ts';
import { Fleet } from '#core/scheduling/fleet.ts';
import {
  type CoreData,
  freeDevice,
  functionOf,
  poolOf,
  requestOf,
  specsOf,
  type WireLeft,
} from './core-data.ts';
import { makeHost } from './core-placement.ts';
import { nicsOf, xmlOf } from './core-xml.ts';

/** `better`: accepted requests where Nova's greedy search gives up. */
export interface CheckResult {
  compared: number;
  better: number;
  differences: string[];
}

/** Every answer of the file. Example: `{ compared: 11000, better: 3, differences: [] }`. */
export function checkCoreData(data: CoreData): CheckResult {
  const result: CheckResult = { compared: 0, better: 0, differences: [] };
  checkMatching(data, result);
  checkHosts(data, result);
  checkSemantics(data, result);
  checkCompute(data, result);
  for (const [at, nic] of nicsOf(data).entries()) {
    const wanted = canonical(data.expected.vif_xml[at] ?? '<none/>');
    compare(result, { at: `vif_xml[${at}]`, wanted, got: canonical(xmlOf(nic)) });
  }
  return result;
}

function compare(
  result: CheckResult,
  { at, wanted, got }: { at: string; wanted: unknown; got: unknown },
): void {
  result.compared += 1;
  const where = firstDifference(wanted, got, at);
  if (where !== undefined) result.differences.push(where);
}

function checkMatching({ match, expected }: CoreData, result: CheckResult): void {
  const functions = match.devices.map((device) => functionOf(device, match.sysfs.ifnames));
  const lists = [
    { list: 'specs', all: expected.specs_all },
    { list: 'specs_sysfs', all: expected.specs_sysfs_all },
  ] as const;
  for (const { list, all } of lists) {
    const specs = specsOf(match[list]);
    for (const [at, fn] of functions.entries()) {
      const got = specs.filter((spec) => admits(spec, fn, functions)).map(({ entry }) => entry);
      compare(result, { at: `${list}_all[${at}]`, wanted: all[at], got });
    }
  }
  for (const { list, specs: count, first } of expected.match_first) {
    const matching = compileDeviceSpecs(specsOf(match[list].slice(0, count)), functions);
    for (const [at, wanted] of first.entries()) {
      const fn = functions[at];
      const got = (fn === undefined ? undefined : matching(fn))?.spec.entry ?? -1;
      compare(result, { at: `match_first ${list} ${count}[${at}]`, wanted, got });
    }
  }
}

function checkHosts(data: CoreData, result: CheckResult): void {
  const hosts = data.hosts.map((pools) => pools.map(poolOf));
  const states = hosts.map((pools, at) => makeHost(at, pools));
  const fleet = new Fleet(states);
  for (const [name, { passes, left }] of Object.entries(data.expected.hosts)) {
    const requests = (data.requests[name] ?? []).map(requestOf);
    for (const [at, pools] of hosts.entries()) {
      const wanted = { ok: passes[at] === '1', left: left[at] };
      checkPools(result, { at: `hosts.${name}[${at}]`, wanted, pools, requests });
    }
    const byFleet = new Set(
      fleet.hostsFor(requests).filter((one) => supports(one.pools, requests)),
    );
    const got = states.map((host) => Number(byFleet.has(host))).join('');
    compare(result, { at: `hosts.${name} by fleet`, wanted: passes, got });
  }
}

function checkSemantics(data: CoreData, result: CheckResult): void {
  for (const [at, given] of data.semantics.entries()) {
    const wanted = data.expected.semantics[at] ?? { ok: false, left: null };
    checkPools(result, {
      at: `semantics[${at}]`,
      wanted,
      pools: given.pools.map(poolOf),
      requests: given.requests.map(requestOf),
      placement: {
        cells: given.numa_cells ?? [],
        host: (given.host_numa ?? []).map(([id, socket]) => ({ id, socket })),
      },
    });
  }
}

interface PoolsCase {
  at: string;
  /** `left` undefined: not recorded. */
  wanted: { ok: boolean; left: WireLeft | undefined };
  pools: PciDevicePool[];
  requests: PciRequest[];
  placement?: NumaPlacement;
}

function checkPools(
  result: CheckResult,
  { at, wanted, pools, requests, placement = {} }: PoolsCase,
): void {
  const { ok } = canSupport(pools, requests, placement);
  const booked = bookRequests(pools, requests, placement);
  if (ok && !wanted.ok && canNovaGiveUp(requests, placement)) {
    result.better += 1;
    return;
  }
  compare(result, { at: `${at}.ok`, wanted: wanted.ok, got: ok });
  compare(result, { at: `${at}.booked`, wanted: ok, got: booked.ok });
  if (!booked.ok || !wanted.left) return;
  const totals = wanted.left.reduce((sum, [, count]) => sum + count, 0);
  const got = booked.pools.reduce((sum, pool) => sum + pool.count, 0);
  compare(result, { at: `${at}.left in all`, wanted: totals, got });
}

/**
 * Nova takes pools request by request without backtracking; and for a guest with NUMA cells it
 * keeps only the near pools when they seem to suffice, before it drops PFs and vdpa devices that
 * were not requested. Everywhere else its refusal is final.
 */
function canNovaGiveUp(requests: readonly PciRequest[], { cells = [] }: NumaPlacement): boolean {
  const narrows = ({ numaPolicy }: PciRequest) =>
    numaPolicy === null || numaPolicy === 'legacy' || numaPolicy === 'preferred';
  return requests.length > 1 || (cells.length > 0 && requests.some(narrows));
}

function checkCompute({ compute, expected }: CoreData, result: CheckResult): void {
  let devices = computeDevices(compute);
  const poolText = ({ address, deviceType, count }: PciDevicePool) =>
    `${address} ${deviceType} ${count}`;
  compare(result, {
    at: 'compute_pools',
    wanted: expected.compute_pools.map((wire) => poolText(poolOf(wire))).sort(),
    got: poolsOf(devices).map(poolText).sort(),
  });
  const requests = compute.request.map(requestOf);
  const taken: string[] = [];
  for (;;) {
    const found = allocateDevices({ devices, requests });
    if (!found.ok) break;
    taken.push(...found.assignments.map(({ address }) => address));
    const changed = claimDevices(devices, found.assignments, `server-${taken.length}`);
    const now = new Map(changed.map((device) => [device.address, device]));
    devices = devices.map((device) => now.get(device.address) ?? device);
  }
  const wanted = expected.consume.order.toSorted();
  compare(result, { at: 'consume.order', wanted, got: taken.toSorted() });
  const sum = (counts: readonly number[]) => counts.reduce((one, other) => one + other, 0);
  compare(result, {
    at: 'consume.final in all',
    wanted: sum(expected.consume.final.map(([, , count]) => count)),
    got: sum(poolsOf(devices).map(({ count }) => count)),
  });
}

/** The devices of the file's one host that its entries match. */
export function computeDevices(compute: CoreData['compute']): PciDevice[] {
  const functions = compute.devices.map((device) => functionOf(device));
  const matching = compileDeviceSpecs(specsOf(compute.specs), functions);
  return functions.flatMap((fn) => {
    const match = matching(fn);
    return match === undefined ? [] : [freeDevice(fn, match.tags)];
  });
}

/**
 * Topic stats: pools as devices come and go, and what they can support. Steps run on one host's
 * devices.
 */
import { assertNever } from '#core/errors.ts';
import { allocateDevices, type DeviceAssignment } from '#core/pci/claims/allocate.ts';
import { claimDevices } from '#core/pci/claims/claim.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { compileDeviceSpecs } from '#core/pci/specs/device-matcher.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { groupByPool, type PciDevicePool, poolKey, poolsOf } from '#core/pci/pools/pool.ts';
import { type HostNumaNode, poolValue } from '#core/pci/pools/pool-match.ts';
import type { NumaPolicy, PciRequest, PciRequestSpec } from '#core/pci/requests/request.ts';
import {
  type DescribedDevice,
  type DescribedFunction,
  hostFunctions,
  optionSources,
  toFunction,
} from './described-function.ts';
import { bookRequests } from '../book-requests.ts';
import { type CaseOutcome, failed, firstDifference, passed, type Topic } from '../topic.ts';

interface Step {
  op: 'add_all' | 'add' | 'remove' | 'support' | 'apply' | 'consume';
  devices?: string[];
  device?: string;
  requests?: DescribedRequest[];
  numa_cells?: number[];
}

interface DescribedRequest {
  count: number;
  spec: PciRequestSpec[];
  request_id?: string;
  alias_name?: string;
  numa_policy?: NumaPolicy;
}

interface Input {
  option: string[];
  devices: DescribedDevice[];
  host?: { functions: DescribedFunction[] };
  report_in_placement?: boolean;
  steps: Step[];
  host_numa?: HostNumaNode[];
}

type StepResult = Record<string, unknown>;

export const stats: Topic = {
  name: 'stats',
  run({ input: raw, expect }) {
    const input = raw as unknown as Input;
    const host = new DescribedHost(input);
    const expected = expect['steps'] as StepResult[];
    for (const [at, step] of input.steps.entries()) {
      const wanted = expected[at] ?? {};
      const result = host.play(step);
      const outcome = judgeStep(step, { wanted, result, at });
      if (outcome.kind !== 'passed') return outcome;
    }
    return passed;
  },
};

function judgeStep(
  step: Step,
  { wanted, result, at }: { wanted: StepResult; result: StepResult; at: number },
): CaseOutcome {
  const compared = Object.keys(wanted).filter((key) => !key.startsWith('reference_'));
  const pick = (from: StepResult) =>
    Object.fromEntries([...compared, 'error'].map((key) => [key, sorted(key, from[key])]));
  const where = firstDifference(pick(wanted), pick(result), `steps[${at}]`);
  if (where === undefined) return passed;
  const gaveUp = wanted['error'] === 'request_failed' || wanted['supported'] === false;
  const succeeded = result['error'] === undefined && result['supported'] !== false;
  const canBeMatchedBetter = (step.requests ?? []).length > 1;
  if (gaveUp && succeeded && canBeMatchedBetter) {
    return {
      kind: 'better',
      how: `step ${at} succeeds: ${JSON.stringify(result['taken'] ?? true)}`,
    };
  }
  return failed(where);
}

/** Pools and what was taken from them have no order. */
function sorted(key: string, value: unknown): unknown {
  if (!Array.isArray(value) || key === 'request_ids') return value;
  return value
    .map((item) => JSON.stringify(item, (_, inner: unknown) => sortedKeys(inner)))
    .sort()
    .map((text) => JSON.parse(text) as unknown);
}

function sortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The devices of one host under the steps of a case. */
class DescribedHost {
  private devices: PciDevice[] = [];
  private readonly offered: PciDevice[];
  private readonly hostNuma: HostNumaNode[];
  private servers = 0;

  constructor(input: Input) {
    const functions = hostFunctions(input.host);
    const options = { reportInPlacement: input.report_in_placement ?? false };
    const specs = parseDeviceSpecs(optionSources(input.option), functions, options);
    const matchOf = compileDeviceSpecs(specs, functions);
    this.hostNuma = input.host_numa ?? [];
    this.offered = input.devices.flatMap((device) => {
      const fn = toFunction(device, functions);
      const match = matchOf(fn);
      if (match === undefined) return [];
      return [{ ...fn, tags: match.tags, status: 'available', serverId: null, requestId: null }];
    });
  }

  play(step: Step): StepResult {
    switch (step.op) {
      case 'add_all':
        this.devices.push(...this.offered);
        return { pools: this.pools() };
      case 'add':
        this.devices.push(
          ...this.offered.filter(({ address }) => step.devices?.includes(address) === true),
        );
        return { pools: this.pools() };
      case 'remove':
        return this.remove(step.device ?? '');
      case 'support':
        return { supported: bookRequests(poolsOf(this.devices), ...this.request(step)).ok };
      case 'apply':
        return this.apply(step);
      case 'consume':
        return this.consume(step);
      default:
        return assertNever(step.op);
    }
  }

  private pools(): unknown[] {
    return poolsOf(this.devices)
      .filter(({ count }) => count > 0)
      .map((pool) => ({ ...flatPool(pool), count: pool.count }));
  }

  private request(step: Step): [PciRequest[], { cells: number[]; host: HostNumaNode[] }] {
    return [
      (step.requests ?? []).map(toRequest),
      { cells: step.numa_cells ?? [], host: this.hostNuma },
    ];
  }

  private remove(address: string): StepResult {
    const isIt = (device: PciDevice) => device.address === address && device.status === 'available';
    if (!this.offered.some((device) => device.address === address)) return { pools: this.pools() };
    if (!this.devices.some(isIt)) return { error: 'pool_empty', pools: this.pools() };
    this.devices = this.devices.filter((device) => !isIt(device));
    return { pools: this.pools() };
  }

  /** Booked counts are removed with as many free devices, so that later steps do not find them. */
  private apply(step: Step): StepResult {
    const booked = bookRequests(poolsOf(this.devices), ...this.request(step));
    if (!booked.ok) return { error: 'request_failed', pools: this.pools() };
    const left = new Map(booked.pools.map((pool) => [poolKey(pool), pool.count]));
    const gone = groupByPool(this.devices).flatMap(({ pool, free }) =>
      free.slice(left.get(poolKey(pool)) ?? 0),
    );
    this.devices = this.devices.filter((device) => !gone.includes(device));
    return { pools: this.pools() };
  }

  private consume(step: Step): StepResult {
    const [requests, { cells, host }] = this.request(step);
    const input = { devices: this.devices, requests, numaCells: cells, hostNuma: host };
    const allocation = allocateDevices(input);
    if (!allocation.ok) return { error: 'request_failed', pools: this.pools() };
    const taken = this.countTaken(allocation.assignments);
    this.servers += 1;
    const changed = claimDevices(this.devices, allocation.assignments, `server-${this.servers}`);
    const now = new Map(changed.map((device) => [device.address, device]));
    this.devices = this.devices.map((device) => now.get(device.address) ?? device);
    const requestIds = allocation.assignments.map(({ requestId }) => requestId);
    return { taken, request_ids: requestIds, pools: this.pools() };
  }

  private countTaken(assignments: DeviceAssignment[]): unknown[] {
    const addresses = new Set(assignments.map(({ address }) => address));
    return groupByPool(this.devices)
      .map(({ pool, free }) => ({
        from: flatPool(pool),
        count: free.filter(({ address }) => addresses.has(address)).length,
      }))
      .filter(({ count }) => count > 0);
  }
}

function toRequest(described: DescribedRequest, index: number): PciRequest {
  return {
    requestId: described.request_id ?? `request-${index}`,
    count: described.count,
    spec: described.spec,
    needsInterface: false,
    aliasName: described.alias_name ?? null,
    numaPolicy: described.numa_policy ?? null,
    requesterId: null,
  };
}

/** As Nova has it: one set of keys with the tags. */
function flatPool(pool: PciDevicePool): Record<string, unknown> {
  const keys = ['vendor_id', 'product_id', 'dev_type', 'address'];
  const own = pool.parentIfname === null ? keys : [...keys, 'parent_ifname'];
  return {
    ...pool.tags,
    ...Object.fromEntries(own.map((key) => [key, poolValue(pool, key) ?? null])),
    numa_node: pool.numaNode,
  };
}

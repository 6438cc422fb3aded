/**
 * Placement decisions over generated fleets: hosts of two PFs with 64 VFs each, on two physical
 * networks; on nine in ten the requested VFs are used up.
 */
import type { PciDevicePool } from '#core/pci/pools/pool.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { Fleet } from '#core/scheduling/fleet.ts';
import type { HostState } from '#core/scheduling/host-state.ts';
import type { RequestSpec } from '#core/scheduling/request-spec.ts';
import { selectBest, selectHosts } from '#core/scheduling/select-hosts.ts';
import { printFigure } from './figure.ts';
import { percentile } from './statistics.ts';

const vfsPerPf = 64;
/** Of ten hosts, how many have free VFs. */
const fitting = [1, 5];
const sizes = [100, 1_000, 10_000];
const measureMs = 2_000;
/**
 * Servers that stay before the oldest is deleted: the fleet is as full at the end as at the start.
 */
const staying = 100;

/**
 * Prints `core.decisions_per_s`: choosing the best host, claiming on it and releasing an older
 * claim. `core.explained_per_s`: with the reason of every other host.
 */
export function placement(): void {
  for (const hosts of sizes) {
    for (const ofTen of fitting) {
      const fleet = new Fleet(makeHosts(hosts, ofTen));
      report('core.decisions_per_s', {
        hosts,
        ofTen,
        decide: () => selectBest(spec, fleet)[0]?.host,
        fleet,
      });
    }

    const fleet = new Fleet(makeHosts(hosts, 1));
    report('core.explained_per_s', {
      hosts,
      ofTen: 1,
      decide: () => selectHosts(spec, fleet.hosts).candidates[0]?.host,
      fleet,
    });
  }
}

interface Run {
  hosts: number;
  ofTen: number;
  fleet: Fleet;
  decide: () => string | undefined;
}

function report(figure: string, { hosts, ofTen, fleet, decide }: Run): void {
  const placed: string[] = [];
  const step = (): void => {
    const name = decide();
    if (name === undefined) throw new Error('no host fits');
    place(fleet, name, -1);
    placed.push(name);
    const oldest = placed.length > staying ? placed.shift() : undefined;
    if (oldest !== undefined) place(fleet, oldest, 1);
  };
  const timesMs = timeEach(step);
  const sum = timesMs.reduce((one, other) => one + other, 0);
  printFigure({
    figure,
    value: (timesMs.length * 1000) / sum,
    unit: 'decisions/s',
    hosts,
    fitting: (hosts * ofTen) / 10,
    vfs: hosts * 2 * vfsPerPf,
    p50_ms: rounded(percentile(timesMs, 0.5)),
    p99_ms: rounded(percentile(timesMs, 0.99)),
  });
}

function timeEach(step: () => void): number[] {
  for (let warm = 0; warm < 20; warm += 1) step();
  const times: number[] = [];
  const end = performance.now() + measureMs;
  for (let now = performance.now(); now < end; ) {
    step();
    const then = performance.now();
    times.push(then - now);
    now = then;
  }
  return times;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

const request: PciRequest = {
  requestId: 'request-1',
  count: 1,
  spec: [{ physical_network: 'physnet1', remote_managed: 'False' }],
  needsInterface: false,
  aliasName: null,
  numaPolicy: null,
  requesterId: 'port-1',
};

/** A small server that requests no device. */
export const freeSpec: RequestSpec = {
  serverId: 'server-1',
  projectId: 'project-1',
  vcpus: 1,
  memoryMib: 512,
  diskGib: 1,
  pciRequests: [],
  availabilityZone: null,
  forcedHost: null,
  failedHosts: [],
};

const spec: RequestSpec = { ...freeSpec, pciRequests: [request] };

function makeHosts(count: number, ofTen: number): HostState[] {
  return Array.from({ length: count }, (_, at) => {
    const free = at % 10 < ofTen ? 1 + ((at * 7) % vfsPerPf) : 0;
    return makeHost(at, [...card(0, 'physnet1', free), ...card(1, 'physnet2', vfsPerPf)]);
  });
}

export function makeHost(at: number, pools: PciDevicePool[]): HostState {
  return {
    id: `id-${at}`,
    name: `host-${at}`,
    generation: 1,
    availabilityZone: 'nova',
    enabled: true,
    disabledReason: null,
    alive: true,
    vcpus: 128,
    vcpusUsed: at % 50,
    memoryMib: 524_288,
    memoryMibUsed: (at % 50) * 512,
    diskGib: 4_000,
    diskGibUsed: at % 50,
    cpuAllocationRatio: 4,
    memoryAllocationRatio: 1,
    diskAllocationRatio: 1,
    pools,
  };
}

function card(bus: number, network: string, freeVfs: number): PciDevicePool[] {
  const address = `0000:0${bus}:00.0`;
  const pool = {
    vendorId: '15b3',
    numaNode: bus,
    address,
    parentIfname: null,
    tags: { remote_managed: 'false', physical_network: network },
  };
  return [
    { ...pool, productId: '1017', deviceType: 'type-PF', count: freeVfs === vfsPerPf ? 1 : 0 },
    { ...pool, productId: '1018', deviceType: 'type-VF', count: freeVfs },
  ];
}

/** Claims a VF of the first card, or releases one. */
function place(fleet: Fleet, name: string, change: 1 | -1): void {
  const host = fleet.get(name.replace('host', 'id'));
  if (host === undefined) throw new Error(`${name} is not in the fleet`);
  const free = (host.pools[1]?.count ?? 0) + change;
  fleet.put({
    ...host,
    generation: host.generation + 1,
    vcpusUsed: host.vcpusUsed - change,
    memoryMibUsed: host.memoryMibUsed - change * spec.memoryMib,
    diskGibUsed: host.diskGibUsed - change * spec.diskGib,
    pools: [...card(0, 'physnet1', free), ...host.pools.slice(2)],
  });
}

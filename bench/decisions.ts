/**
 * Decisions in a large fleet, as the scheduler makes them: filter and weigh, then book on the best
 * host, whose new state replaces the old one in the fleet.
 */
import type { PciDevicePool } from '#core/pci/pools/pool.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { Fleet } from '#core/scheduling/fleet.ts';
import type { RequestSpec } from '#core/scheduling/request-spec.ts';
import { selectBest } from '#core/scheduling/select-hosts.ts';
import { oneOf, randomFrom } from '#test/random.ts';
import { freeSpec, makeHost } from './core-placement.ts';
import { printFigure } from './figure.ts';
import { percentile, rounded, spread } from './statistics.ts';

const hosts = 10_000;
const poolsOfHost = 8;
const networks = ['physnet1', 'physnet2', 'physnet3', 'physnet4'];
const products = ['1018', '154c', '10ca'];
/** Chance that a pool has free devices → the share of hosts that fit is printed with the figure. */
const chances = [0.69, 0.135, 0.052];
const warmUp = 50;
const rounds = 5;
const perRound = 300;
const seed = 7;

/**
 * Prints `decisions.p99_ms` for three fleets of 10,000 hosts with eight random pools each: about
 * 78, 24 and 10 % of the hosts fit. Medians of five rounds of 300 decisions, with the median
 * decision (`p50_ms`). `decisions.cpu_p99_ms` is the processor time of the same decisions: on a
 * busy machine the other includes the wait for a processor.
 */
export async function decisions(): Promise<void> {
  for (const chance of chances) timeFleet(chance);
}

function timeFleet(chance: number): void {
  const random = randomFrom(seed);
  const fleet = new Fleet(
    Array.from({ length: hosts }, (_, at) => makeHost(at, randomPools(random, chance))),
  );
  const fitting = fleet.hosts.filter(({ pools }) => pools.some(isFree)).length;
  for (let done = 0; done < warmUp; done += 1) decide(fleet);
  const taken = Array.from({ length: rounds }, () =>
    Array.from({ length: perRound }, () => timeDecision(fleet)),
  );
  for (const [figure, key] of [['p99_ms', 'tookMs'] as const, ['cpu_p99_ms', 'cpuMs'] as const]) {
    const times = taken.map((round) => round.map((decision) => decision[key]));
    printFigure({
      figure: `decisions.${figure}`,
      unit: 'ms',
      ...spread(times.map((round) => percentile(round, 0.99))),
      p50_ms: rounded(percentile(times.flat(), 0.5)),
      hosts,
      fit_percent: Math.round((fitting * 100) / hosts),
    });
  }
}

function timeDecision(fleet: Fleet): { tookMs: number; cpuMs: number } {
  const before = process.threadCpuUsage();
  const started = performance.now();
  decide(fleet);
  const tookMs = performance.now() - started;
  const { user, system } = process.threadCpuUsage(before);
  return { tookMs, cpuMs: (user + system) / 1_000 };
}

/** One VF of the first network. */
const request: PciRequest = {
  requestId: 'request-1',
  count: 1,
  spec: [{ physical_network: 'physnet1', remote_managed: 'False' }],
  needsInterface: false,
  aliasName: null,
  numaPolicy: null,
  requesterId: 'port-1',
};
const spec: RequestSpec = { ...freeSpec, pciRequests: [request] };

function isFree(pool: PciDevicePool): boolean {
  return pool.count > 0 && pool.tags['physical_network'] === 'physnet1';
}

function randomPools(random: () => number, chance: number): PciDevicePool[] {
  return Array.from({ length: poolsOfHost }, (_, at) => ({
    vendorId: '15b3',
    productId: oneOf(random, products),
    numaNode: at % 2,
    deviceType: 'type-VF',
    address: `0000:${(0x10 + at).toString(16)}:00.0`,
    parentIfname: null,
    tags: { remote_managed: 'false', physical_network: oneOf(random, networks) },
    // Enough for all that is booked.
    count: random() < chance ? 8 + Math.floor(random() * 56) : 0,
  }));
}

/** The best host loses a VF and the amounts of the flavor; a fresh state, as read from its row. */
function decide(fleet: Fleet): void {
  const [best] = selectBest(spec, fleet);
  const host = fleet.get(best?.host.replace('host', 'id') ?? '');
  if (host === undefined) throw new Error('no host fits');
  const taken = host.pools.find(isFree);
  fleet.put({
    ...host,
    generation: host.generation + 1,
    vcpusUsed: host.vcpusUsed + spec.vcpus,
    memoryMibUsed: host.memoryMibUsed + spec.memoryMib,
    diskGibUsed: host.diskGibUsed + spec.diskGib,
    pools: host.pools.map((pool) => (pool === taken ? { ...pool, count: pool.count - 1 } : pool)),
  });
}

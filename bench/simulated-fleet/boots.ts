/** Boots on a fleet, through all of its controllers at once. */
import type { Session } from '#client/session/session.ts';
import { bootServers, createPorts, deleteServers, prepareGround } from '../boot-servers.ts';
import { percentile, rounded } from '../statistics.ts';
import type { FleetCluster } from './cluster.ts';
import { sumOf } from './metric-text.ts';

/** Through all controllers together. */
const inFlight = 32;

export interface Boots {
  boots: number;
  boots_per_s: number;
  /** From the request until a client finds it ACTIVE. */
  boot_p50_ms: number;
  boot_p99_ms: number;
  /** The mean time of a choice of a host with its devices. */
  decision_ms: number;
  /** Share of the claims that were refused, because another one preceded on the host. */
  conflicts: number;
}

/** Boots so many servers with a VF each, and deletes them. */
export async function measureBoots(cluster: FleetCluster, count: number): Promise<Boots> {
  const sessions = await cluster.sessions();
  const [first] = sessions;
  if (first === undefined) throw new Error('no controller runs');
  const ground = await prepareGround(first);
  // Plans, caches and code of a process in service.
  const warmUp = await createPorts(ground, 2 * sessions.length);
  const ports = await createPorts(ground, count);
  const through = <One, Result>(
    all: readonly One[],
    act: (session: Session, some: One[], atOnce: number) => Promise<Result>,
  ): Promise<Result[]> =>
    Promise.all(
      sessions.map((session, at) => {
        const some = all.filter((_, index) => index % sessions.length === at);
        return act(session, some, Math.ceil(inFlight / sessions.length));
      }),
    );
  const boot = (of: readonly string[]) =>
    through(of, (session, some, atOnce) => bootServers({ ...ground, session }, some, atOnce));
  const warm = await boot(warmUp);
  const before = await claimsOf(cluster);
  const began = performance.now();
  const timed = await boot(ports);
  const seconds = (performance.now() - began) / 1_000;
  const after = await claimsOf(cluster);
  const servers = [...warm, ...timed].flatMap(({ results }) => results);
  await through(servers, (session, some, atOnce) => deleteServers({ session }, some, atOnce));
  const times = timed.flatMap((one) => one.times);
  const refused = after.refused - before.refused;
  const decisions = after.decisions - before.decisions;
  return {
    boots: count,
    boots_per_s: rounded(count / seconds, 1),
    boot_p50_ms: Math.round(percentile(times, 0.5)),
    boot_p99_ms: Math.round(percentile(times, 0.99)),
    decision_ms: rounded((1_000 * (after.decidingSeconds - before.decidingSeconds)) / decisions, 2),
    conflicts: rounded(refused / (count + refused), 4),
  };
}

interface Claims {
  refused: number;
  decisions: number;
  decidingSeconds: number;
}

/** Of all controllers, as Prometheus reads them. */
async function claimsOf(cluster: FleetCluster): Promise<Claims> {
  const total: Claims = { refused: 0, decisions: 0, decidingSeconds: 0 };
  for (const { metricsUrl = '' } of cluster.controllers.values()) {
    const text = await (await fetch(metricsUrl)).text();
    const chosen = { step: 'schedule' };
    total.refused += sumOf(text, 'novella_commit_seconds_count', { result: 'stale-claim' });
    total.decisions += sumOf(text, 'novella_step_seconds_count', chosen);
    total.decidingSeconds += sumOf(text, 'novella_step_seconds_sum', chosen);
  }
  return total;
}

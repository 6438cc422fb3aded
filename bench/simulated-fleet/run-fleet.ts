/** A fleet from its start to its end, phase by phase. */
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from '../process-tree.ts';
import { residentMib } from '../running-novella.ts';
import { rounded } from '../statistics.ts';
import { adviceOf } from './advice.ts';
import { enrolAll, FleetAgents } from './agents.ts';
import { measureBoots } from './boots.ts';
import { type CleanUps, FleetCluster } from './cluster.ts';
import { WatchedDatabase } from './database.ts';
import { measureIdle } from './idle.ts';
import { killOne, restartAll, untilLinked } from './rejoin.ts';

export interface FleetOptions {
  hosts: number;
  controllers: number;
  boots: number;
  /** How long the idle fleet is watched. */
  seconds: number;
}

export interface FleetPlace {
  /** The URL of an empty database. */
  database: string;
  folder: string;
  /** What is to be called at the end, in the opposite order. */
  cleanUps: CleanUps;
  /** Takes the figures of each phase. */
  report: (phase: string, figures: object) => void;
}

/** After so long, caches have been filled and garbage has been collected. */
const settleMs = 12_000;

export async function runFleet(options: FleetOptions, place: FleetPlace): Promise<void> {
  const { hosts, controllers } = options;
  const { database: url, folder, cleanUps } = place;
  const report = (phase: string, figures: object): void =>
    place.report(phase, { ...figures, load: rounded(loadavg()[0] ?? 0, 1) });
  const cluster = await FleetCluster.start({ controllers, hosts, database: url, folder }, cleanUps);
  const database = await WatchedDatabase.open(url);
  cleanUps.push(() => database.close());
  const emptyMib = meanMib(cluster);
  const startCpuSeconds = cpuOf(cluster);
  report('start', { hosts, controllers, controller_mib: Math.round(emptyMib) });

  const setup = { cluster, hosts, folder };
  const { value: tokens, seconds: enrolSeconds } = await timed(() => enrolAll(setup));
  const agents = new FleetAgents(setup, tokens, cleanUps);
  const { seconds: joinSeconds } = await timed(() => agents.join());
  report('enrol', { tokens_s: enrolSeconds, certificates_s: joinSeconds });

  const { seconds: linkedSeconds } = await timed(async () => {
    await agents.link();
    await untilLinked(cluster, database, hosts);
  });
  report('link', { linked_s: linkedSeconds, links_of_each: await database.linksOfEach() });

  await pause(settleMs);
  const idle = await measureIdle(cluster, database, options.seconds);
  report('idle', idle);
  report('boots', await measureBoots(cluster, options.boots));
  if (controllers > 1) report('kill-one', await killOne(cluster, database, hosts));
  const restarted = await restartAll(cluster, database, options);
  const linkingCpuSeconds = Math.max(0, cpuOf(cluster) - startCpuSeconds);
  report('restart-all', { ...restarted, linking_cpu_s: rounded(linkingCpuSeconds, 1) });
  const { connections, controller_cores: idleCores } = idle;
  const linkedMib = Math.max(...idle.controller_mib);
  const measured = { hosts, controllers, emptyMib, linkedMib, linkingCpuSeconds, idleCores };
  report('advice', adviceOf({ ...measured, connections }));
}

async function timed<Value>(act: () => Promise<Value>): Promise<{ value: Value; seconds: number }> {
  const began = performance.now();
  const value = await act();
  return { value, seconds: rounded((performance.now() - began) / 1_000, 1) };
}

function meanMib({ controllers }: FleetCluster): number {
  const each = [...controllers.values()].map(({ pid }) => residentMib(pid));
  return each.reduce((sum, one) => sum + one, 0) / each.length;
}

/** Of the controllers that run now, since they started. */
function cpuOf({ controllers }: FleetCluster): number {
  return [...controllers.values()].reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
}

/**
 * Boots to ACTIVE on simulated hosts with the durable store: how many per second, beside the
 * commits of one row that the same file does at that time, and what one boot costs.
 */
import { DatabaseSync } from 'node:sqlite';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer } from '#client/servers.ts';
import { atOnce } from './at-once.ts';
import { type BootGround, bootServers, createPorts, prepareGround } from './boot-servers.ts';
import { stepShares } from './boot-steps.ts';
import { oneRowCommitsPerSecond } from './commits.ts';
import { printFigure } from './figure.ts';
import type { ProbeAnswer } from './probe.ts';
import { type RunningNovella, startNovella } from './running-novella.ts';
import { printTimes } from './response-times.ts';
import { ratios, spread } from './statistics.ts';
import { canCountSyncs, syncsDuring } from './syncs.ts';

const fleet = { hosts: 50, pfs: 2, vfs: 64 };
/** So that what is measured is a process in service, not one that starts. */
const warmUp = 300;
const rounds = 5;
const inFlight = 32;
/** Servers of a round, one after the other and in flight. */
const serial = 20;
const parallel = 96;
const idleMs = 1_500;

interface Running {
  novella: RunningNovella;
  ground: BootGround;
}

/**
 * Prints, one at a time and with 32 in flight: `boots.serial_per_s` and `boots.inflight_32_per_s`,
 * medians of five rounds; `boots.commit_ratio`, both divided by `boots.commits_per_s` of the same
 * round; what one boot costs: `boots.statements`, `boots.fsyncs`, the processor time of the main
 * thread and of all threads (`boots.main_thread_ms`, `boots.cpu_ms`), and the time in which the
 * event loop served nothing else (`boots.loop_busy_ms`); `boots.loop_delay_ms` under load; and
 * `boots.step_share`, a line per step.
 */
export async function boots(): Promise<void> {
  const novella = await startNovella(fleet, undefined, { probe: 'probe.ts' });
  try {
    const ground = await prepareGround(await novella.login());
    const running = { novella, ground };
    await timeBoots(running, warmUp, 4);
    const one = await printRates(running);
    await printCosts(running, 1, 3 * serial);
    await printCosts(running, inFlight, 2 * parallel);
    await printAcceptance(running);
    await printSyncs(running);
    for (const [step, value] of await stepShares(ground.session, one)) {
      printFigure({ figure: 'boots.step_share', value, unit: 'ratio', step, servers: one.length });
    }
  } finally {
    await novella.stop();
  }
}

/** The servers of the last serial round are returned. */
async function printRates(running: Running): Promise<string[]> {
  const commits: number[] = [];
  const rates: Record<'serial' | 'inflight_32', number[]> = { serial: [], inflight_32: [] };
  const delays: ProbeAnswer[] = [];
  let servers: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    commits.push(oneRowCommitsPerSecond(running.novella.databaseFile));
    const one = await timeBoots(running, serial, 1);
    servers = one.servers;
    rates.serial.push(one.perSecond);
    await probe(running.novella);
    rates.inflight_32.push((await timeBoots(running, parallel, inFlight)).perSecond);
    delays.push(await probe(running.novella));
  }
  const hosts = fleet.hosts;
  printFigure({ figure: 'boots.commits_per_s', unit: 'commits/s', ...spread(commits) });
  for (const [way, values] of Object.entries(rates)) {
    printFigure({ figure: `boots.${way}_per_s`, unit: 'boots/s', ...spread(values), hosts });
    const ratio = spread(ratios(values, commits));
    printFigure({ figure: 'boots.commit_ratio', unit: 'boots/commits', ...ratio, boots: way });
  }
  for (const [share, key] of [['p99', 'p99Ms'] as const, ['max', 'longestMs'] as const]) {
    const values = spread(delays.map((delay) => delay[key]));
    printFigure({ figure: 'boots.loop_delay_ms', unit: 'ms', ...values, share });
  }
  return servers;
}

async function timeBoots(
  { ground }: Running,
  count: number,
  concurrently: number,
): Promise<{ perSecond: number; servers: string[] }> {
  const ports = await createPorts(ground, count);
  const { results, seconds } = await bootServers(ground, ports, concurrently);
  return { perSecond: count / seconds, servers: results };
}

/** Without the polls of a client, and without what the idle process costs in the same time. */
async function printCosts(running: Running, concurrently: number, servers: number): Promise<void> {
  const { novella } = running;
  await probe(novella);
  const began = performance.now();
  await pause(idleMs);
  const idle = await probe(novella);
  const idleFor = performance.now() - began;
  const boot = await unpolledBoots(running, servers, concurrently);
  await probe(novella);
  const started = performance.now();
  await boot();
  const spent = await probe(novella);
  const share = (performance.now() - started) / idleFor;
  const costs = {
    statements: { key: 'statements', unit: 'statements' },
    main_thread_ms: { key: 'mainMs', unit: 'ms' },
    loop_busy_ms: { key: 'busyMs', unit: 'ms' },
    cpu_ms: { key: 'cpuMs', unit: 'ms' },
  } as const;
  for (const [name, { key, unit }] of Object.entries(costs)) {
    const value = (spent[key] - idle[key] * share) / servers;
    printFigure({ figure: `boots.${name}`, value, unit, in_flight: concurrently, servers });
  }
}

/** The time from the request to its answer, while other servers boot. */
async function printAcceptance({ ground, novella }: Running): Promise<void> {
  const { session, flavorId: flavorRef, imageId: imageRef } = ground;
  for (const [concurrently, servers] of [
    [1, 3 * serial] as const,
    [inFlight, 2 * parallel] as const,
  ]) {
    const ports = await createPorts(ground, servers);
    const accepted = await atOnce(ports, concurrently, (port) =>
      createServer(session, { name: 'bench', flavorRef, imageRef, networks: [{ port }] }),
    );
    printTimes('boots.accept_ms', accepted, { in_flight: concurrently });
    await untilActive(novella, accepted.results);
  }
}

async function untilActive(
  { databaseFile }: RunningNovella,
  servers: readonly string[],
): Promise<void> {
  const db = new DatabaseSync(databaseFile, { readOnly: true });
  try {
    const state = db.prepare('select vm_state from instances where uuid = ?');
    for (const id of servers) while (state.get(id)?.['vm_state'] !== 'active') await pause(1);
  } finally {
    db.close();
  }
}

async function printSyncs(running: Running): Promise<void> {
  if (!canCountSyncs()) {
    process.stderr.write('bench boots: no boots.fsyncs: strace is not installed\n');
    return;
  }
  for (const [concurrently, servers] of [[1, serial] as const, [inFlight, parallel] as const]) {
    const boot = await unpolledBoots(running, servers, concurrently);
    const { database, other } = await syncsDuring(running.novella.pid, boot);
    for (const [of, count] of Object.entries({ database, simulated_hosts: other })) {
      const value = count / servers;
      const details = { in_flight: concurrently, servers };
      printFigure({ figure: 'boots.fsyncs', value, unit: 'syncs', of, ...details });
    }
  }
}

/**
 * Boots that are waited for at the database's file, from outside: a request that polls costs as
 * much as a step. Their ports exist when this returns.
 */
async function unpolledBoots(
  { novella, ground }: Running,
  count: number,
  concurrently: number,
): Promise<() => Promise<void>> {
  const { session, flavorId: flavorRef, imageId: imageRef } = ground;
  const ports = await createPorts(ground, count);
  return async () => {
    const db = new DatabaseSync(novella.databaseFile, { readOnly: true });
    try {
      const state = db.prepare('select vm_state from instances where uuid = ?');
      await atOnce(ports, concurrently, async (port) => {
        const wanted = { name: 'bench', flavorRef, imageRef, networks: [{ port }] };
        const id = await createServer(session, wanted);
        while (state.get(id)?.['vm_state'] !== 'active') await pause(1);
      });
    } finally {
      db.close();
    }
  };
}

async function probe({ process: child }: RunningNovella): Promise<ProbeAnswer> {
  child.send('probe');
  const [answer] = await once(child, 'message');
  return answer as ProbeAnswer;
}

/** The picture of a fleet of 10,000 hosts with 1.28 million VFs, and the stream of its changes. */
import { gunzipSync } from 'node:zlib';
import type { ComputeWorld } from '#test/worlds/compute-world.ts';
import { aChanger, changing, withFleet } from './fleet-world.ts';
import { printFigure } from './figure.ts';
import { median, percentile, spread } from './statistics.ts';

const plan = { hosts: 10_000, pfs: 2, vfsPerPf: 64 };
const rounds = 10;
const changesPerSecond = 500;
const streamSeconds = 10;

/**
 * Prints `fleet.first_ms` (the first answer of a process, which reads all devices), `fleet.cpu_ms`
 * of a later one where nothing and where 100 hosts have changed, `fleet.gzip_kb`, and of streams
 * under 500 changes/s the share of a core beside that of the changes alone, and how late a change
 * is.
 */
export async function fleet(): Promise<void> {
  await withFleet(plan, {}, async (world, url) => {
    await timeSnapshots(world);
    for (const readers of [0, 1, 10]) await timeStreams(world, url, readers);
  });
}

async function timeSnapshots(world: ComputeWorld): Promise<void> {
  const heapBefore = heapMib();
  const first = await timed(() => request(world));
  printFigure({
    figure: 'fleet.first_ms',
    unit: 'ms',
    value: first.tookMs,
    cpu_ms: Math.round(first.cpuMs),
    heap_mib: Math.round(heapMib() - heapBefore),
  });
  const text = gunzipSync(first.value);
  printFigure({
    figure: 'fleet.gzip_kb',
    unit: 'kB',
    value: first.value.length / 1_000,
    json_kb: Math.round(text.length / 1_000),
    hosts: plan.hosts,
    vfs: plan.hosts * plan.pfs * plan.vfsPerPf,
  });
  const changer = await aChanger(world);
  for (const changed of [0, 1, 100]) {
    const taken: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (let at = 0; at < changed; at += 1) await changer();
      taken.push((await timed(() => request(world))).cpuMs);
    }
    printFigure({ figure: 'fleet.cpu_ms', unit: 'ms', ...spread(taken), changed_hosts: changed });
  }
}

async function timeStreams(world: ComputeWorld, url: string, readers: number): Promise<void> {
  const aborts = Array.from({ length: readers }, () => new AbortController());
  const late: number[] = [];
  let [events, bytes] = [0, 0];
  const changedAt = new Map<string, number>();
  const reading = aborts.map(async ({ signal }) => {
    const headers = { 'x-auth-token': 'admin' };
    const reply = await fetch(`${url}/novella/v1/events`, { headers, signal });
    for await (const part of reply.body ?? []) {
      const text = Buffer.from(part).toString();
      bytes += text.length;
      for (const [, name = ''] of text.matchAll(/"name":"([^"]+)"/g)) {
        events += 1;
        const at = changedAt.get(name);
        if (at !== undefined) late.push(performance.now() - at);
        changedAt.delete(name);
      }
    }
  });
  const ended = reading.map((one) => one.catch(() => undefined));
  const before = process.cpuUsage();
  const started = performance.now();
  const rate = { perSecond: changesPerSecond, seconds: streamSeconds };
  const reached = await changing(world, rate, (name) => {
    if (!changedAt.has(name)) changedAt.set(name, performance.now());
  });
  const tookMs = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (const abort of aborts) abort.abort();
  await Promise.all(ended);
  printFigure({
    figure: 'fleet.stream_share',
    unit: 'cores',
    value: (user + system) / 1_000 / tookMs,
    readers,
    changes_per_s: Math.round(reached),
    ...(readers > 0 && {
      events_of_reader: Math.round(events / readers),
      kb_of_reader: Math.round(bytes / readers / 1_000),
      late_p50_ms: Math.round(median(late)),
      late_p99_ms: Math.round(percentile(late, 0.99)),
    }),
  });
}

async function request({ app }: ComputeWorld): Promise<Buffer> {
  const headers = { 'x-auth-token': 'admin', 'accept-encoding': 'gzip' };
  const reply = await app.inject({ url: '/novella/v1/fleet', headers });
  if (reply.statusCode !== 200) throw new Error(reply.payload);
  return reply.rawPayload;
}

async function timed<Value>(act: () => Promise<Value>) {
  const before = process.cpuUsage();
  const started = performance.now();
  const value = await act();
  const { user, system } = process.cpuUsage(before);
  return { value, tookMs: performance.now() - started, cpuMs: (user + system) / 1_000 };
}

function heapMib(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
}

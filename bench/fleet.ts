/** The picture of a fleet of 10,000 hosts with 1.28 million VFs, and the stream of its changes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Host } from '#contracts/store/store.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { simulatedFleet } from '#integrations/simulated/fleet.ts';
import { randomFrom } from '#test/random.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { facts } from '#test/worlds/store-rows.ts';
import { printFigure } from './figure.ts';
import { median, percentile, spread } from './statistics.ts';

const plan = { hosts: 10_000, pfs: 2, vfsPerPf: 64 };
const hostsAtOnce = 100;
const heldShare = 0.4;
/** Of the held VFs, those that are not at the lowest free address: servers come and go. */
const scattered = 0.1;
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
  const folder = mkdtempSync(join(tmpdir(), 'novella-bench-'));
  const world = await aComputeWorld({
    path: join(folder, 'novella.db'),
    streams: { lifeMs: 3_600_000, tickMs: 250 },
  });
  try {
    await fill(world);
    await timeSnapshots(world);
    for (const readers of [0, 1, 10]) await timeStreams(world, readers);
  } finally {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill({ store }: ComputeWorld): Promise<void> {
  const random = randomFrom(7);
  const simulated = simulatedFleet(plan);
  for (let at = 0; at < simulated.length; at += hostsAtOnce) {
    const some = simulated.slice(at, at + hostsAtOnce);
    const rows = await store.hosts.registerAll(
      some.map(({ name }) => ({ name, availabilityZone: 'nova', hostIp: '192.0.2.1', facts })),
    );
    await store.hosts.updateAll(
      rows.map(({ id, generation }, index) => {
        const functions = some[index]?.functions ?? [];
        return { hostId: id, generation, devices: devicesOf(functions, random), lastSeenAt: 1 };
      }),
    );
  }
}

function devicesOf(
  functions: readonly Omit<PciDevice, 'tags' | 'status' | 'serverId' | 'requestId'>[],
  random: () => number,
): PciDevice[] {
  const share = random() * 2 * heldShare;
  const vfs = functions.filter(({ deviceType }) => deviceType === 'type-VF');
  return vfs.map((fn, at) => {
    const isLow = at % plan.vfsPerPf < share * plan.vfsPerPf;
    const isHeld = random() < scattered ? random() < share : isLow;
    const tags = { physical_network: `physnet${at < plan.vfsPerPf ? 1 : 2}` };
    const free = { ...fn, tags, status: 'available', serverId: null, requestId: null } as const;
    return isHeld ? { ...free, ...heldBy('s', 'allocated') } : free;
  });
}

function heldBy(serverId: string, status: 'allocated') {
  return { status, serverId, requestId: 'r' };
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

async function timeStreams(world: ComputeWorld, readers: number): Promise<void> {
  const url = await listening(world);
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
  const changer = await aChanger(world);
  const before = process.cpuUsage();
  const started = performance.now();
  const total = changesPerSecond * streamSeconds;
  for (let made = 0; made < total; made += 1) {
    const name = await changer();
    if (!changedAt.has(name)) changedAt.set(name, performance.now());
    const ahead = (made * 1_000) / changesPerSecond - (performance.now() - started);
    if (ahead > 2) await new Promise((resolve) => setTimeout(resolve, ahead));
  }
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
    changes_per_s: Math.round((total * 1_000) / tookMs),
    ...(readers > 0 && {
      events_of_reader: Math.round(events / readers),
      kb_of_reader: Math.round(bytes / readers / 1_000),
      late_p50_ms: Math.round(median(late)),
      late_p99_ms: Math.round(percentile(late, 0.99)),
    }),
  });
}

async function listening({ app }: ComputeWorld): Promise<string> {
  const address = app.server.address();
  if (address === null) return app.listen({ port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${(address as { port: number }).port}`;
}

/** Each call takes or releases a VF of the next host, as a claim does. Returns the host's name. */
async function aChanger({ store }: ComputeWorld): Promise<() => Promise<string>> {
  const hosts = await store.hosts.list();
  const vfOf = new Map<string, PciDevice>();
  let next = 0;
  return async () => {
    const host = hosts[next % hosts.length] as Host;
    next += 37;
    const known = vfOf.get(host.id) ?? (await store.hosts.devices(host.id))[0];
    if (known === undefined) throw new Error(`${host.name} has no device`);
    const isHeld = known.serverId !== null;
    const free = { status: 'available', serverId: null, requestId: null } as const;
    const device = { ...known, ...(isHeld ? free : heldBy('t', 'allocated')) };
    await store.hosts.update({
      hostId: host.id,
      generation: host.generation,
      devices: [device],
    });
    host.generation += 1;
    vfOf.set(host.id, device);
    return host.name;
  };
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

/** The API in this process over a database with a large fleet, of which servers hold a share. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '#contracts/store/store.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { simulatedFleet } from '#integrations/simulated/fleet.ts';
import { randomFrom } from '#test/random.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { facts } from '#test/worlds/store-rows.ts';

export interface FleetPlan {
  hosts: number;
  pfs: number;
  vfsPerPf: number;
}

const hostsAtOnce = 100;
const heldShare = 0.4;
/** Of the held VFs, those that are not at the lowest free address: servers come and go. */
const scattered = 0.1;

/** `url`: where it listens. */
export async function withFleet(
  plan: FleetPlan,
  { pageFolder = '/none' }: { pageFolder?: string },
  use: (world: ComputeWorld, url: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'novella-bench-'));
  const world = await aComputeWorld({
    path: join(folder, 'novella.db'),
    streams: { lifeMs: 3_600_000, tickMs: 250 },
    pageFolder,
  });
  try {
    await fill(world, plan);
    await use(world, await world.app.listen({ port: 0, host: '127.0.0.1' }));
  } finally {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill({ store, time }: ComputeWorld, plan: FleetPlan): Promise<void> {
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
        return {
          hostId: id,
          generation,
          devices: devicesOf(functions, random, plan.vfsPerPf),
          lastSeenAt: time.now,
        };
      }),
    );
  }
}

function devicesOf(
  functions: readonly Omit<PciDevice, 'tags' | 'status' | 'serverId' | 'requestId'>[],
  random: () => number,
  vfsPerPf: number,
): PciDevice[] {
  const share = random() * 2 * heldShare;
  const vfs = functions.filter(({ deviceType }) => deviceType === 'type-VF');
  return vfs.map((fn, at) => {
    const isLow = at % vfsPerPf < share * vfsPerPf;
    const isHeld = random() < scattered ? random() < share : isLow;
    const tags = { physical_network: `physnet${at < vfsPerPf ? 1 : 2}` };
    const free = { ...fn, tags, status: 'available', serverId: null, requestId: null } as const;
    return isHeld ? { ...free, ...heldBy('s', 'allocated') } : free;
  });
}

function heldBy(serverId: string, status: 'allocated') {
  return { status, serverId, requestId: 'r' };
}

interface ChangeRate {
  perSecond: number;
  seconds: number;
  /** Hosts that one commit changes. */
  perCommit?: number;
}

/** Changes hosts at this rate, or as fast as it can; the rate that was reached. */
export async function changing(
  world: ComputeWorld,
  { perSecond, seconds, perCommit = 1 }: ChangeRate,
  onChange: (host: string) => void = () => undefined,
): Promise<number> {
  const changer = await aChanger(world, perCommit);
  const started = performance.now();
  const total = perSecond * seconds;
  let made = 0;
  // Where the machine is too slow for the rate, the time counts.
  while (made < total && performance.now() - started < 2_000 * seconds) {
    for (const name of await changer()) onChange(name);
    made += perCommit;
    const ahead = (made * 1_000) / perSecond - (performance.now() - started);
    if (ahead > 2) await new Promise((resolve) => setTimeout(resolve, ahead));
  }
  return (made * 1_000) / (performance.now() - started);
}

/**
 * Each call takes or releases a VF of the next hosts, as claims do, in one commit. Returns their
 * names.
 */
export async function aChanger(
  { store }: ComputeWorld,
  perCommit = 1,
): Promise<() => Promise<string[]>> {
  const hosts = await store.hosts.list();
  const vfOf = new Map<string, PciDevice>();
  const change = async (host: Host) => {
    const known = vfOf.get(host.id) ?? (await store.hosts.devices(host.id))[0];
    if (known === undefined) throw new Error(`${host.name} has no device`);
    const isHeld = known.serverId !== null;
    const free = { status: 'available', serverId: null, requestId: null } as const;
    const device = { ...known, ...(isHeld ? free : heldBy('t', 'allocated')) };
    vfOf.set(host.id, device);
    return { hostId: host.id, generation: host.generation++, devices: [device] };
  };
  let next = 0;
  return async () => {
    const some: Host[] = [];
    for (; some.length < perCommit; next += 37) some.push(hosts[next % hosts.length] as Host);
    await store.hosts.updateAll(await Promise.all(some.map(change)));
    return some.map(({ name }) => name);
  };
}

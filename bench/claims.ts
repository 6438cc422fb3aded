/**
 * Durable claims, as a request for a server makes them, over a SQLite file that syncs: flavor and
 * quotas are read, the fleet is updated, hosts are filtered and weighed, devices chosen, and the
 * server is stored with its claim, in one commit. Its boot ends there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkService } from '#contracts/services/network.ts';
import { openStore } from '#integrations/database/store.ts';
import { aFlavor, aHost, aPf, aVf } from '#test/worlds/store-rows.ts';
import { bareContext } from '#test/servers/bare-context.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { bookDevices } from '#core/ledger/host-ledger.ts';
import { hostChange } from '#workflows/hosts/host-change.ts';
import { createServers } from '#workflows/boot/create-server.ts';
import { runJointly } from '#workflows/engine/run-task.ts';
import { workflows } from '#workflows/server-operations.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import { parseAliases } from '#core/pci/requests/alias.ts';
import type { Caller } from '#contracts/services/identity.ts';
import type { Image } from '#contracts/services/images.ts';
import type { NewServerRequest } from '#core/servers/new-server.ts';
import { oneRowCommitsPerSecond } from './commits.ts';
import { printFigure } from './figure.ts';
import { percentile, ratios, rounded, spread } from './statistics.ts';

const fleets = [
  { hosts: 1, vfs: 255 },
  { hosts: 50, vfs: 64 },
  { hosts: 1_000, vfs: 64 },
];
const warmUp = 20;
/** Before all of them, so that what is measured is a process in service, not one that starts. */
const warmingFleet = { hosts: 50, vfs: 64 };
const warmingClaims = 1_000;
const rounds = 5;
/** Of each round. */
const claimsTimed = 40;
const commitsTimed = 200;

type Store = WorkflowContext['store'];

/**
 * Prints for each fleet, as medians of five rounds: `claims.durable_per_s`, one at a time, each on
 * disk before the next one;
 * `claims.commits_per_s`, the same file's commits of one row; and `claims.commit_ratio`, the one
 * divided by the other of the same round.
 */
export async function claims(): Promise<void> {
  await onFleet(warmingFleet, async (context) => void (await timeClaims(context, warmingClaims)));
  for (const fleet of fleets) {
    await onFleet(fleet, (context, file) => timeRounds(context, file, fleet));
  }
}

interface ClaimFleet {
  hosts: number;
  /** Of each host. */
  vfs: number;
}

/** Runs the work over a database of its own, with the path of its file. */
async function onFleet(
  { hosts, vfs }: ClaimFleet,
  work: (context: WorkflowContext, file: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'novella-bench-'));
  const file = join(folder, 'novella.sqlite');
  const { store } = await openStore(file);
  try {
    const context = contextOf(store);
    claimsOnly(context);
    await store.flavors.create(flavor);
    for (let at = 0; at < hosts; at += 1) context.links.opened(await makeHost(store, at, vfs));
    await work(context, file);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

// oxlint-disable-next-line max-params -- where and what
async function timeRounds(
  context: WorkflowContext,
  file: string,
  { hosts, vfs }: ClaimFleet,
): Promise<void> {
  await timeClaims(context, warmUp);
  const times: number[] = [];
  const rates: number[] = [];
  const commits: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    commits.push(oneRowCommitsPerSecond(file, commitsTimed));
    const took = await timeClaims(context, claimsTimed);
    times.push(...took);
    rates.push((took.length * 1_000) / took.reduce((sum, ms) => sum + ms, 0));
  }
  const fleet = { hosts, vfs_per_host: vfs };
  const commitsUnit = { figure: 'claims.commits_per_s', unit: 'commits/s' };
  printFigure({ ...commitsUnit, ...spread(commits), ...fleet });
  printFigure({
    ...{ figure: 'claims.durable_per_s', unit: 'claims/s' },
    ...spread(rates),
    ...fleet,
    p50_ms: rounded(percentile(times, 0.5), 2),
    p99_ms: rounded(percentile(times, 0.99), 2),
  });
  const ratio = spread(ratios(rates, commits));
  printFigure({ figure: 'claims.commit_ratio', unit: 'claims/commits', ...ratio, ...fleet });
}

/** A host with so many free VFs on physnet1. */
export async function makeHost(store: Store, at: number, vfs: number): Promise<string> {
  const devices = [aPf(), ...Array.from({ length: vfs }, (_, vf) => aVf(vfAddress(vf)))];
  const id = await aHost(store, [], `host-${String(at).padStart(4, '0')}`);
  const host = await store.hosts.get(id);
  if (host === undefined) throw new Error(`host ${id} is gone`);
  await store.hosts.update(hostChange(host, bookDevices(host, devices, devices)));
  await store.hosts.seen(id, Date.now());
  return id;
}

/** 8 functions to a slot, from 0000:82:00.0. */
function vfAddress(vf: number): string {
  const slot = Math.floor(vf / 8)
    .toString(16)
    .padStart(2, '0');
  return `0000:82:${slot}.${vf % 8}`;
}

/** Milliseconds of each claim. Memory and disk are requested in no amount that runs out. */
async function timeClaims(context: WorkflowContext, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let made = 0; made < count; made += 1) {
    const started = performance.now();
    const [server] = await createServers(context, caller, aRequest, 'req-bench');
    await context.store.onDisk();
    times.push(performance.now() - started);
    if (server?.hostId == null) throw new Error('a claim was refused');
  }
  return times;
}

const caller: Caller = {
  ...{ userId: 'user-1', userName: 'bench', projectId: 'project-1', projectName: 'bench' },
  ...{ domainId: 'default', roles: ['member'], isAdmin: false, token: '' },
};

const image: Image = {
  ...{ id: 'image-1', name: null, status: 'active', diskFormat: 'qcow2', properties: {} },
  ...{ minDiskGib: 0, minMemoryMib: 0, sizeBytes: 0, createdAt: 1, updatedAt: 1 },
};

/** One VF of any host. */
const flavor = aFlavor({
  ...{ vcpus: 0, memoryMib: 0, diskGib: 0 },
  extraSpecs: { 'pci_passthrough:alias': 'vf:1' },
});
const aliases = parseAliases([
  {
    text: '{"name": "vf", "vendor_id": "8086", "product_id": "10ca", "device_type": "type-VF"}',
    source: 'bench',
  },
]);

const aRequest: NewServerRequest = {
  name: 'bench',
  hostname: null,
  description: null,
  flavorId: flavor.id,
  imageId: image.id,
  networks: 'none',
  minCount: 1,
  maxCount: 1,
  availabilityZone: null,
  forcedHost: null,
  keyName: null,
  key: null,
  metadata: {},
  tags: [],
  userData: null,
  configDrive: false,
  accessIpv4: null,
  accessIpv6: null,
  diskConfig: 'MANUAL',
  hints: { group: null, sameHost: [], differentHost: [] },
  securityGroups: [],
};

/** Runs what a request joins to its commit, and nothing after it. */
function claimsOnly(context: WorkflowContext): void {
  const newLease = () => ({ owner: 'bench', until: Date.now() + 60_000 });
  const parts = { context, workflows, exclusive: new SerialQueue(), newLease };
  context.direct.attach({
    free: () => 1,
    newLease,
    run: () => undefined,
    runJointly: (step, record) => runJointly(parts, step, record),
    slotFreed: () => undefined,
  });
}

/** What the step needs. */
export function contextOf(store: Store): WorkflowContext {
  const context = bareContext(store);
  return {
    ...context,
    // A server without NICs reads no port and no network.
    network: { listPorts: async () => [] } as unknown as NetworkService,
    images: { showImage: async () => image } as unknown as WorkflowContext['images'],
    settings: { ...context.settings, aliases },
  };
}

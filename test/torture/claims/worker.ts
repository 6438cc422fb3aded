/**
 * A process of `torture -- claims`: leases boots, and claims and releases devices for them until it
 * is ended. Its first argument is its setup as JSON. Prints `c` for each claim, `r` for each
 * change that was refused.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostChange, Task } from '#contracts/store/store.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Server } from '#core/servers/server.ts';
import { openStore } from '#integrations/database/store.ts';
import { bookDevices, releaseServer } from '#core/ledger/host-ledger.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import { oneOf, randomFrom } from '#test/random.ts';
import { taskOf } from '#test/worlds/store-rows.ts';
import { bareContext } from '#test/servers/bare-context.ts';
import { schedule } from '#workflows/boot/schedule.ts';
import { TaskRun } from '#workflows/engine/task-run.ts';
import { hostChange } from '#workflows/hosts/host-change.ts';
import type { Entry, Operation, WorkerSetup } from './entry.ts';

const setup = JSON.parse(process.argv[2] ?? '') as WorkerSetup;
const random = randomFrom(setup.seed);
const { store } = await openStore(setup.database);
const context = {
  ...bareContext(store),
  peers: {
    id: setup.name,
    count: setup.processes,
    isFirst: () => false,
    hasOtherVersion: () => false,
  },
};
/** Claims and releases of one controller do not run at the same time. */
const exclusive = new SerialQueue();
const hostIds = (await store.hosts.list()).map(({ id }) => id);
for (const id of hostIds) context.links.opened(id);

const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());

/** Between two polls for tasks. */
const pollMs = 20;

let written = 0;
const log = openSync(setup.log, 'a');
const write = (entry: Entry): void => void writeSync(log, `${JSON.stringify(entry)}\n`);

/** Writes down the change, commits it, and writes down how that went. */
async function recorded(
  { operation, serverId }: { operation: Operation; serverId: string },
  change: HostChange,
  commit: () => Promise<boolean>,
): Promise<boolean> {
  written += 1;
  const id = `${setup.name}-${written}`;
  const { hostId, generation, devices = [] } = change;
  write({
    ...{ id, operation, hostId, serverId, generation: generation + 1 },
    devices: devices.map((device) => [device.address, device.serverId]),
  });
  const isCommitted = await commit().catch((error: unknown) => {
    // What the code of a faulty worker does, the database may refuse by itself.
    if (setup.fault === null) throw error;
    return false;
  });
  write({ id, end: isCommitted ? 'committed' : 'refused' });
  if (!isCommitted) process.stdout.write('r');
  return isCommitted;
}

const lease = () => ({ owner: setup.name, until: Date.now() + setup.leaseMs });

/** The change of a worker that does not check the generation of the host which it read. */
async function unfenced(change: HostChange): Promise<HostChange> {
  // Others change the host meanwhile.
  await sleep(20 * random());
  const version = await store.hosts.version(change.hostId);
  return { ...change, generation: version?.generation ?? change.generation };
}

/** The task of a worker that does not check whether it still holds the lease. */
async function ofAnyLease<T extends Task>(task: T): Promise<T> {
  const current = await store.tasks.of(task.serverId);
  return { ...task, epoch: current?.epoch ?? task.epoch };
}

/** A task of this worker, and what the commits of its steps have left of its server. */
interface Held {
  task: Task<'boot'>;
  server: Server;
  pciRequests: readonly PciRequest[];
}

interface Step {
  operation: 'claim' | 'release';
  change: HostChange;
  server: { hostId: string | null; hostName: string | null };
  next: 'schedule' | 'release';
}

/** The same where another changed the host first; undefined: the task is another's now. */
async function commitStep(held: Held, step: Step): Promise<Held | undefined> {
  const { fault } = setup;
  const { task } = held;
  await maybePause();
  const change = fault === 'stale-generation' ? await unfenced(step.change) : step.change;
  const owned = fault === 'lost-lease' ? await ofAnyLease(task) : task;
  let isStale = false;
  const isCommitted = await recorded(
    { operation: step.operation, serverId: task.serverId },
    change,
    async () => {
      const result = await store.commit({
        task: owned,
        host: change,
        server: step.server,
        next: { step: step.next, data: task.data, dueAt: Date.now() },
        lease: lease(),
      });
      isStale = !result.ok && result.why === 'stale-host';
      if (isStale) context.fleet.outdated(change.hostId);
      return result.ok;
    },
  );
  if (!isCommitted) return isStale ? held : undefined;
  return {
    ...held,
    task: { ...task, step: step.next },
    server: { ...held.server, ...step.server },
  };
}

/** Until the lease has run out. */
async function maybePause(): Promise<void> {
  if (random() < setup.pauseShare / 2) await sleep(setup.leaseMs * 2);
}

/** One claim of a server, or the release of what it has; as `commitStep`. */
async function runOnce(held: Held): Promise<Held | undefined> {
  const { task, server, pciRequests } = held;
  await maybePause();
  if (task.step === 'release') {
    const host = await context.fleet.host(store.hosts, server.hostId ?? '');
    if (host === undefined) return undefined;
    const devices = await context.fleet.devices(store.hosts, host);
    const change = hostChange(host, releaseServer(host, devices, server));
    const released = { operation: 'release', change, next: 'schedule' } as const;
    const after = await commitStep(held, { ...released, server: { hostId: null, hostName: null } });
    const isReleased = after !== undefined && after !== held;
    const isAgain = isReleased && setup.fault === 'double-release';
    if (isAgain) void releaseAgain(task.serverId, change);
    return after;
  }
  const run = new TaskRun({ server, pciRequests, isInNoGroup: true });
  const outcome = await schedule({ ...context, run }, task, { read: null });
  const { host: change, server: placed } = outcome;
  if (change === undefined) return undefined;
  const { hostId = null, hostName = null } = placed ?? {};
  const claimed = { operation: 'claim', change, next: 'release' } as const;
  return commitStep(held, { ...claimed, server: { hostId, hostName } });
}

/** A worker that releases what it released before, and another server may have by now. */
async function releaseAgain(serverId: string, change: HostChange): Promise<void> {
  const { hostId, generation, devices = [] } = await unfenced(change);
  const again = { hostId, generation, devices };
  await recorded({ operation: 'release', serverId }, again, () => stored(again));
}

async function stored(change: HostChange): Promise<boolean> {
  return (await store.hosts.update(change)) === 'ok';
}

/** An agent reports that the link of a device changed: its row is written, its holder is not. */
async function report(): Promise<void> {
  const host = await store.hosts.get(oneOf(random, hostIds));
  if (host === undefined) return;
  const rows = await store.hosts.devices(host.id);
  const device = oneOf(random, rows);
  const seen = { ...device, link: device.link === 'up' ? ('down' as const) : ('up' as const) };
  const read = hostChange(host, bookDevices(host, rows, [seen]));
  const change = setup.fault === 'stale-report' ? await unfenced(read) : read;
  await recorded({ operation: 'report', serverId: '' }, change, () => stored(change));
}

/** Leases tasks for its free lanes. */
async function leaseTasks(): Promise<void> {
  const running = new Set<Promise<void>>();
  while (!stopping.signal.aborted) {
    const limit = setup.atOnce - running.size;
    const due =
      limit === 0 ? [] : await store.tasks.lease(setup.name, Date.now(), setup.leaseMs, { limit });
    for (const leased of due) {
      const promise = keepRunning(taskOf('boot', leased));
      running.add(promise);
      void promise.finally(() => running.delete(promise));
    }
    await sleep(pollMs);
  }
  await Promise.all(running);
}

/** Claims and releases for one task, until another worker has it. */
async function keepRunning(task: Task<'boot'>): Promise<void> {
  let held: Held | undefined = await heldOf(task);
  do {
    const before: Held = held;
    // With a fault there are more races, so that few claims show it.
    held = await (setup.fault === null ? exclusive.run(() => runOnce(before)) : runOnce(before));
    const isClaimed = held !== undefined && held !== before && held.task.step === 'release';
    if (isClaimed) await count();
    if (random() < 0.05) await report();
    if (random() < 0.02) break;
  } while (held !== undefined && !stopping.signal.aborted);
  await store.tasks.release(task, setup.name);
}

async function heldOf(task: Task<'boot'>): Promise<Held> {
  const server = await store.servers.get(task.serverId);
  if (server === undefined) throw new Error(`server ${task.serverId} is gone`);
  return { task, server, pciRequests: await store.servers.pciRequests(task.serverId) };
}

/** A claim counts when it is on disk. */
async function count(): Promise<void> {
  await store.onDisk();
  process.stdout.write('c');
}

await leaseTasks();
await store.close();

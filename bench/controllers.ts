/**
 * Claims by several controllers over one PostgreSQL: how often two of them choose the same host at
 * the same moment, so that the later commit is refused and the choice is made again.
 */
import type { BootData } from '#contracts/store/task-data.ts';
import { openStore } from '#integrations/database/store.ts';
import { startCluster } from '#test/postgres/cluster.ts';
import { createDatabase } from '#test/postgres/database.ts';
import { aFlavor, aNewServer } from '#test/worlds/store-rows.ts';
import { schedule } from '#workflows/boot/schedule.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { TaskRun } from '#workflows/engine/task-run.ts';
import { contextOf, makeHost } from './claims.ts';
import { printFigure } from './figure.ts';
import { rounded } from './statistics.ts';

const hosts = 100;
const vfs = 64;
const claimsMade = 800;

const runs = [
  { controllers: 1, order: 'best first' },
  { controllers: 2, order: 'random' },
  { controllers: 4, order: 'random' },
  { controllers: 8, order: 'random' },
  { controllers: 8, order: 'best first' },
] as const;

type Run = (typeof runs)[number];

/**
 * Prints for each run `controllers.refused`, the share of commits that were refused, and
 * `controllers.claims_per_s`. `order`: in which each tries the best hosts.
 */
export async function controllers(): Promise<void> {
  const server = await startCluster();
  try {
    for (const [at, run] of runs.entries()) {
      await createDatabase(server.url('postgres'), `bench_${at}`);
      await timeRun(server.url(`bench_${at}`), run);
    }
  } finally {
    await server.stop();
  }
}

async function timeRun(url: string, { controllers: count, order }: Run): Promise<void> {
  const stores: WorkflowContext['store'][] = [];
  for (let at = 0; at < count; at += 1) stores.push((await openStore(url)).store);
  try {
    const contexts = stores.map((store) => contextOf(store));
    const [first] = stores;
    if (first === undefined) return;
    for (let at = 0; at < hosts; at += 1) {
      const id = await makeHost(first, at, vfs);
      for (const { links } of contexts) links.opened(id);
    }
    const peers = {
      id: '',
      count: order === 'random' ? count : 1,
      isFirst: () => false,
      hasOtherVersion: () => false,
    };
    let refused = 0;
    let left = claimsMade;
    const started = performance.now();
    const claimAll = async (context: WorkflowContext): Promise<void> => {
      while (left > 0) {
        left -= 1;
        refused += await claim({ ...context, peers });
      }
    };
    await Promise.all(contexts.map(claimAll));
    const seconds = (performance.now() - started) / 1_000;
    const about = { controllers: count, order, hosts, claims: claimsMade };
    const share = rounded(refused / (claimsMade + refused), 4);
    printFigure({ figure: 'controllers.refused', unit: 'of commits', value: share, ...about });
    const rate = rounded(claimsMade / seconds, 0);
    printFigure({ figure: 'controllers.claims_per_s', unit: 'claims/s', value: rate, ...about });
  } finally {
    for (const store of stores) await store.close();
  }
}

/** A server that was just accepted, with one VF. */
async function acceptServer(store: WorkflowContext['store']) {
  const flavor = aFlavor({ vcpus: 0, memoryMib: 0, diskGib: 0, extraSpecs: {} });
  const made = aNewServer({ flavor });
  const data: BootData = {
    attempt: 1,
    availabilityZone: null,
    forcedHost: null,
    numa: null,
    failedHosts: [],
  };
  const spec = [{ physical_network: 'physnet1', remote_managed: 'False' }];
  const request = { requestId: crypto.randomUUID(), count: 1, spec, needsInterface: false };
  const pciRequests = [{ ...request, aliasName: null, numaPolicy: null, requesterId: null }];
  const server = await store.servers.create({
    ...made,
    pciRequests,
    task: { ...made.task, data },
  });
  return {
    task: { ...made.task, data, epoch: 1 },
    known: { server, pciRequests, isInNoGroup: true },
  };
}

/** How many of its commits were refused. */
async function claim(context: WorkflowContext): Promise<number> {
  const { task, known } = await acceptServer(context.store);
  for (let refused = 0; ; refused += 1) {
    const run = new TaskRun(known);
    const outcome = await schedule({ ...context, run }, task, { read: null });
    const committed = await context.store.commit({ task, ...outcome });
    if (committed.ok) return refused;
    if (outcome.host !== undefined) context.fleet.outdated(outcome.host.hostId);
  }
}

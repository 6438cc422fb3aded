/** What an operator monitors of the controller: space on its disks, and the tasks in progress. */
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { ControllerStatus, DiskView } from '#client/shapes/status.ts';
import type { TaskOverview } from '#contracts/store/store.ts';
import type { HostStanding } from '#workflows/hosts/fabric-view.ts';
import type { ApiContext, DiskRoom } from '../requests/context.ts';
import { atSecond } from '../requests/links.ts';
import type { Call, Reply } from '../requests/route.ts';

/** Tasks that are named; the others are only counted. */
const oldestShown = 20;

export async function showStatus({ context }: Call): Promise<Reply> {
  const [disks, tasks] = await Promise.all([
    context.disks(),
    context.store.tasks.overview(context.clock.now(), oldestShown),
  ]);
  const { version, startedAt } = context.program;
  const body = {
    controller: { version, started_at: atSecond(startedAt) },
    controllers: await viewControllers(context),
    settings: context.program.settings,
    host_counts: countHosts(await context.fabric.standings()),
    disks: disks.map(viewDisk),
    tasks: viewTasks(tasks),
  };
  return { body: body satisfies OperatorReply<'GET /status'> };
}

/** A controller that shares its database with none has no record. */
async function viewControllers({
  store,
  program,
  peers,
}: ApiContext): Promise<ControllerStatus['controllers']> {
  const { version, startedAt } = program;
  const known = peers === undefined ? [] : await store.controllers.list();
  if (known.length === 0) {
    return [{ name: null, version, started_at: atSecond(startedAt), answers: true }];
  }
  return known.map((one) => ({
    name: one.name,
    version: one.version,
    started_at: atSecond(one.startedAt),
    answers: one.id === peers?.id,
  }));
}

function countHosts(hosts: readonly HostStanding[]): ControllerStatus['host_counts'] {
  const count = (counts: (host: HostStanding) => boolean) => hosts.filter(counts).length;
  return {
    up: count(({ state }) => state === 'up'),
    down: count(({ state }) => state === 'down'),
    forced_down: count(({ state }) => state === 'forced-down'),
    disabled: count(({ enabled }) => !enabled),
    with_problems: count(({ problems }) => problems.length > 0),
  };
}

function viewDisk({ uses, freeBytes, sizeBytes }: DiskRoom): DiskView {
  return { uses, free_bytes: freeBytes, size_bytes: sizeBytes };
}

function viewTasks({ counts, oldest }: TaskOverview): ControllerStatus['tasks'] {
  return {
    ...counts,
    oldest: oldest.map(({ serverId, kind, step, state, startedAt, dueAt }) => ({
      server_id: serverId,
      kind,
      step,
      state,
      started_at: startedAt === null ? null : atSecond(startedAt),
      due_at: dueAt === null ? null : atSecond(dueAt),
    })),
  };
}

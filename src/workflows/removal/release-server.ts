/** The steps of a deletion that are not also undo steps of a boot: the row, and late ports. */
import type { Task } from '#contracts/store/store.ts';
import type { DeleteData, UnfinishedImage } from '#contracts/store/task-data.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { succeeded } from '../engine/endings.ts';
import { dropImage } from '../images/drop-image.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryLater } from '../engine/retry-later.ts';
import { serverOf } from '../engine/server-of.ts';
import { untilHostReturns } from './remove-from-host.ts';
import { deletePortsMadeFor, releaseChange } from './tear-down.ts';
import { type StepOutcome, assertCurrent } from '../engine/workflow.ts';

type DeleteStep = (
  context: WorkflowContext,
  task: Task<'delete'>,
) => Promise<StepOutcome<'delete'>>;

/** A network service that has not created a port by then never will. */
const latePortsMs = 120_000;

/** The silent host has confirmed that it has no guest of the server. */
export const releaseAfterSilence: DeleteStep = async (context, task) => {
  const host = await releaseChange(context, await serverOf(context, task));
  return { ...(host !== undefined && { host }), outcome: succeeded, next: null };
};

/** The server is deleted, and what it held on its host is free, unless its host is silent. */
export const release: DeleteStep = async (context, task) => {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const { hostIsSilent = false } = task.data;
  // A port whose creation was not recorded: it may still be in progress.
  const portsMayCome = server.nics.some(({ portId, ownsPort }) => portId === null && !ownsPort);
  const host = hostIsSilent ? undefined : await releaseChange(context, server);
  const images = await imagesToDrop(context, server, task.data);
  const { images: _, tries: _tries, ...rest } = task.data;
  const data = { ...rest, ...(portsMayCome && { portsMayCome: true as const }) };
  const now = context.clock.now();
  return {
    ...(host !== undefined && { host }),
    server: {
      vmState: 'deleted',
      taskState: null,
      powerState: 0,
      terminatedAt: now,
      deletedAt: now,
    },
    events: [finishedEvent(context, 'release', startedAt)],
    ...(images.length === 0
      ? afterImages({ ...task, data }, now)
      : { next: { step: 'drop-images', data: { ...data, images }, dueAt: now } }),
  };
};

/** Of shelving, and of copies that the deletion interrupted. */
async function imagesToDrop(
  { store }: WorkflowContext,
  { id, shelvedImageId }: Server,
  { images = [] }: DeleteData,
): Promise<UnfinishedImage[]> {
  const shelved = shelvedImageId === null ? [] : [{ id: shelvedImageId }];
  const isCopied = (await store.commands.last(id, 'snapshot'))?.result?.ok === true;
  const unfinished = images.filter(
    (image) => image.id !== shelvedImageId && !(isCopied && image.staysIfCopied === true),
  );
  return [...shelved, ...unfinished];
}

/** How often the deletion of images is tried, with growing pauses: for some ten minutes. */
const imageTries = 25;

/** The deletion of a server does not wait for the image service. */
export const dropImages: DeleteStep = async (context, task) => {
  await assertCurrent(context, task);
  const { images = [], ...rest } = task.data;
  const left: UnfinishedImage[] = [];
  const willRetry = (task.data.tries ?? 0) < imageTries;
  for (const image of images) {
    if (!(await dropImage(context, image.id, { willRetry }))) left.push(image);
  }
  const now = context.clock.now();
  if (left.length > 0 && willRetry) {
    return { next: retryLater({ ...task, data: { ...rest, images: left } }, now) };
  }
  const { tries: _, ...data } = rest;
  return afterImages({ ...task, data }, now);
};

/** The server is deleted; what follows once its images are. */
function afterImages(task: Task<'delete'>, now: number): StepOutcome<'delete'> {
  const { hostIsSilent = false, portsMayCome } = task.data;
  if (hostIsSilent) return { next: untilHostReturns(task) };
  if (portsMayCome === true) {
    return { next: { step: 'delete-late-ports', data: task.data, dueAt: now + latePortsMs } };
  }
  return { outcome: succeeded, next: null };
}

/** Ports whose creation was in progress when the server was deleted. */
export const deleteLatePorts: DeleteStep = async (context, task) => {
  await assertCurrent(context, task);
  await deletePortsMadeFor(context, await serverOf(context, task));
  return { outcome: succeeded, next: null };
};

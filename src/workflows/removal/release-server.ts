/** The steps of a deletion that are not also undo steps of a boot: the row, and late ports. */
import type { Task } from '#contracts/store/store.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { succeeded } from '../engine/endings.ts';
import { dropImage } from '../images/drop-image.ts';
import { finishedEvent } from '../engine/record-event.ts';
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
  if (server.shelvedImageId !== null) await dropImage(context, server.shelvedImageId);
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
    ...(hostIsSilent
      ? { next: untilHostReturns(task) }
      : portsMayCome
        ? { next: { step: 'delete-late-ports', data: task.data, dueAt: now + latePortsMs } }
        : { outcome: succeeded, next: null }),
  };
};

/** Ports whose creation was in progress when the server was deleted. */
export const deleteLatePorts: DeleteStep = async (context, task) => {
  await assertCurrent(context, task);
  await deletePortsMadeFor(context, await serverOf(context, task));
  return { outcome: succeeded, next: null };
};

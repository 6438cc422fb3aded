/**
 * Begins a workflow that copies a server's disk to an image, which the request makes itself: its
 * refusal is the request's answer.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { NewImage } from '#contracts/services/images.ts';
import type { Task } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { beginAction, type NewWorkflow, requestOwner } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { retryLater } from '../engine/retry-later.ts';
import { asFailure, assertCurrent, type StepOutcome } from '../engine/workflow.ts';
import { dropImage } from './drop-image.ts';
import { newImage } from './new-image.ts';

type Kind = 'act' | 'shelve';

/**
 * The task with the image's id is recorded first, and begins with its own undo, leased by the
 * request: when this process dies before the image is recorded as made, the image is deleted.
 * Throws as `beginAction`, and what the image service refuses; nothing is left then.
 */
export async function beginWithImage(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { workflow, image }: { workflow: WithImage; image: NewImage },
): Promise<void> {
  const failure = { message: 'the request ended before its image was made', detail: '' };
  const task = await beginAction(context, caller, server, {
    ...workflow,
    step: 'drop-image',
    data: { ...workflow.data, failure },
    isLeased: true,
  });
  const { step, data, requestId } = workflow;
  try {
    await newImage(context, caller, image);
    const next = { step, data, dueAt: context.clock.now() } as StepOutcome<Kind>['next'];
    const { ok } = await context.store.commit({ task, next });
    if (ok) return;
    const message = `instance ${server.id}: '${workflow.action}' was superseded by another action`;
    throw new ComputeError('conflict', message);
  } catch (error) {
    const { kind, message, detail = '' } = asFailure(error);
    const failed = { ...task, data: { ...task.data, failure: { kind, message, detail } } };
    const end = await dropUnmade(context, failed);
    await context.store.commit({ task, ...end });
    throw error;
  } finally {
    await context.store.tasks.release(task, requestOwner(context, requestId));
    context.wakeup.notify('tasks');
  }
}

/** Of the first task, and of the one that follows once the image is made. */
type WithImage = NewWorkflow<'act'> | NewWorkflow<'shelve'>;

/** How often the deletion of an image is tried, with growing pauses: for some ten minutes. */
const mostTries = 25;

/** The step `drop-image`: deletes the image, and the server is as it was. */
export async function dropUnmadeImage<Of extends Kind>(
  context: WorkflowContext,
  task: Task<Of>,
): Promise<StepOutcome<Of>> {
  await assertCurrent(context, task);
  return (await dropUnmade(context, task)) as StepOutcome<Of>;
}

async function dropUnmade(context: WorkflowContext, task: Task<Kind>): Promise<StepOutcome<Kind>> {
  const { tries = 0, failure } = task.data;
  const imageId = 'imageId' in task.data ? task.data.imageId : (task.data.image?.id ?? '');
  const willRetry = tries < mostTries;
  if (!(await dropImage(context, imageId, { willRetry })) && willRetry) {
    return { next: retryLater(task, context.clock.now(), 'drop-image') };
  }
  const { kind = 'unavailable', message = '' } = failure ?? {};
  return { server: { taskState: null }, outcome: { is: 'refused', kind, message }, next: null };
}

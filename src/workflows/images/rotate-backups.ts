/** Deletes the oldest backups of a server beyond those to be kept. */
import type { Task } from '#contracts/store/store.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { assertCurrent } from '../engine/workflow.ts';
import { dropImage } from './drop-image.ts';

/** Of the type of the task's backup; nothing for other tasks. Source: Nova `_rotate_backups`. */
export async function rotateBackups(context: WorkflowContext, task: Task<'act'>): Promise<void> {
  const rotation = task.data.image?.rotation;
  if (rotation === undefined) return;
  await assertCurrent(context, task);
  const { backupType, keep } = rotation;
  const ids = await context.images.listBackups({
    serverId: task.serverId,
    backupType,
    likeImageId: task.data.image?.id ?? '',
  });
  for (const id of ids.slice(keep)) await dropImage(context, id);
}

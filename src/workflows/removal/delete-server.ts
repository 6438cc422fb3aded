/** Begins the deletion of a server: it takes over from any running workflow. */
import type { Caller } from '#contracts/services/identity.ts';
import type { StoredTask, Task, TaskKind } from '#contracts/store/store.ts';
import type { DeleteData } from '#contracts/store/task-data.ts';
import type { Server } from '#core/servers/server.ts';
import { idsOfRequest } from '#runtime/messages/current-request.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { isHostSilent } from './remove-from-host.ts';

/**
 * Begins the deletion and returns at once; repeating it changes nothing, unless the host that is
 * waited for has stopped reporting.
 */
export async function deleteServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  requestId: string,
): Promise<void> {
  if (server.taskState === 'deleting' && !(await isHostSilent(context, server))) return;
  const now = context.clock.now();
  const actionId = context.newId();
  const move = await context.store.moves.openOf(server.id);
  await context.store.tasks.begin(
    {
      id: context.newId(),
      serverId: server.id,
      kind: 'delete',
      ...(move === undefined
        ? { step: 'remove-guest', data: {} }
        : { step: 'remove-elsewhere', data: { moveId: move.id } }),
      actionId,
      request: idsOfRequest(requestId),
      dueAt: now,
    },
    {
      id: actionId,
      serverId: server.id,
      action: 'delete',
      requestId,
      userId: caller.userId,
      projectId: caller.projectId,
      startedAt: now,
    },
    { taskState: 'deleting' },
    { onlyIdle: false, passOn: unfinishedImages },
  );
  context.wakeup.notify('tasks');
}

/** What the interrupted workflow was making of the server's disk. */
function unfinishedImages(running: StoredTask): Pick<DeleteData, 'images'> {
  if (isOf('shelve', running)) return { images: [{ id: running.data.imageId }] };
  if (isOf('act', running) && running.data.image !== undefined) {
    const isCommanded = running.step === 'host-answered';
    return {
      images: [{ id: running.data.image.id, ...(isCommanded && { staysIfCopied: true }) }],
    };
  }
  if (isOf('move', running) && running.data.imageId !== undefined) {
    return { images: [{ id: running.data.imageId }] };
  }
  if (isOf('delete', running) && running.data.images !== undefined) {
    return { images: running.data.images };
  }
  return {};
}

function isOf<Kind extends TaskKind>(kind: Kind, task: StoredTask): task is Task<Kind> {
  return !('problem' in task) && task.kind === kind;
}

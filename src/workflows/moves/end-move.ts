/** The steps after a move that stays: the old host loses what it still has of the server. */
import type { Task } from '#contracts/store/store.ts';
import type { VmState } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { succeeded } from '../engine/endings.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepOutcome } from '../engine/workflow.ts';
import { removalFrom } from './clear-host.ts';
import { dropBindings } from './move-ports.ts';
import { isWithinHost, moveOf, releaseSide } from './sides.ts';

type MoveStep = (context: WorkflowContext, task: Task<'move'>) => Promise<StepOutcome<'move'>>;

const source = removalFrom({
  command: 'clear-source',
  wait: 'source-cleared',
  following: 'release-source',
  event: 'clear_source',
});

export const clearSource: MoveStep = async (context, task) => {
  const move = await moveOf(context, task);
  if (move.source === null || isWithinHost(move)) {
    return { next: { step: 'release-source', data: task.data, dueAt: context.clock.now() } };
  }
  return source.remove(context, task, move.source.id);
};

export const sourceCleared: MoveStep = async (context, task) => {
  const { source: old } = await moveOf(context, task);
  return source.removed(context, task, old?.id ?? '');
};

/** Last step: what the server held on its old host is free, unless that is silent. */
export const releaseSource: MoveStep = async (context, task) => {
  const server = await serverOf(context, task);
  const move = await moveOf(context, task);
  const { isSilent = false } = task.data;
  if (move.source !== null && !isWithinHost(move)) {
    await dropBindings(context, server, move.source.name);
  }
  const host = isSilent ? undefined : await releaseSide(context, move, 'before');
  const isLive = move.type === 'live-migration';
  // Its guest may have been stopped since.
  const settled: VmState = server.powerState === 4 ? 'stopped' : 'active';
  return {
    ...(host !== undefined && { host }),
    move: {
      id: move.id,
      status: isLive ? 'completed' : 'confirmed',
      ...(isSilent && { leftOn: move.source?.id ?? null }),
    },
    server: { taskState: null, ...(!isLive && { vmState: settled }) },
    outcome: succeeded,
    next: null,
  };
};

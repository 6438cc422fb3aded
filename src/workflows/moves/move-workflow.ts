/**
 * Workflow: a server moves to another host, or gets another size: resize, cold and live migration,
 * evacuation, unshelve. One record in `migrations` has what changes. The old host keeps what it
 * holds until the move is confirmed, or known to be complete; a step that fails starts the undo,
 * which leaves the server where it was; where the new host failed, the move begins again with
 * another one.
 */
import type { Task } from '#contracts/store/store.ts';
import type { ComputeError } from '#core/errors.ts';
import { AbortedMove } from '#core/servers/aborted-move.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { endUnreadable } from '../engine/endings.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryStep } from '../engine/retry-later.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';
import { clearSource, releaseSource, sourceCleared } from './end-move.ts';
import {
  bindTarget,
  dropShelvedImage,
  sourceLeft,
  switchPorts,
  targetStarted,
} from './move-guest.ts';
import { expected, offered, prefetched } from './prepare-target.ts';
import { readMoveBinding, reserve } from './reserve.ts';
import {
  clearTarget,
  releaseTarget,
  restorePorts,
  restoreSource,
  sourceRestored,
  targetCleared,
} from './undo-move.ts';

export const moveWorkflow: Workflow<'move'> = {
  steps: {
    // Forward.
    reserve: { read: readMoveBinding, run: reserve, exclusive: true, undo: 'release-target' },
    'bind-target': { run: bindTarget, undo: 'release-target' },
    // Before a running guest leaves.
    offered: { run: offered, undo: 'clear-target' },
    prefetched: { run: prefetched, undo: 'clear-target' },
    expected: { run: expected, undo: 'clear-target' },
    'source-left': { run: sourceLeft, undo: 'restore-source' },
    'switch-ports': { run: switchPorts, undo: 'restore-ports' },
    'target-started': { run: targetStarted, exclusive: true, undo: 'clear-target' },
    // After an unshelve.
    'drop-image': { run: dropShelvedImage },
    // Undo, and revert.
    'clear-target': { run: clearTarget },
    'target-cleared': { run: targetCleared },
    'restore-ports': { run: restorePorts },
    'restore-source': { run: restoreSource },
    'source-restored': { run: sourceRestored },
    'release-target': { run: releaseTarget, exclusive: true },
    // After a live migration, and confirm.
    'clear-source': { run: clearSource },
    'source-cleared': { run: sourceCleared },
    'release-source': { run: releaseSource, exclusive: true },
  },
  failed,
  // Both sides stay held until the server is deleted: what has been done is unknown.
  recover: (context, task, error) => endUnreadable(context, task, error),
};

/** Steps whose failures are the new host's: another may succeed. */
const ofNewHost: ReadonlySet<string> = new Set<Task<'move'>['step']>([
  'bind-target',
  'prefetched',
  'expected',
  'target-started',
]);

/** Names of the forward steps in the list of a server's actions. */
const eventNames: Partial<Record<Task<'move'>['step'], string>> = {
  reserve: 'schedule',
  'bind-target': 'bind_ports',
  offered: 'offer_files',
  prefetched: 'prepare_target',
  expected: 'prepare_target',
  'source-left': 'move_out',
  'switch-ports': 'switch_ports',
  'target-started': 'spawn',
};

async function failed(
  context: WorkflowContext,
  task: Task<'move'>,
  error: ComputeError,
): Promise<StepOutcome<'move'>> {
  const now = context.clock.now();
  if (moveWorkflow.steps[task.step].undo === undefined) {
    return { actionMessage: error.message, next: retryStep(task, now) };
  }
  const { kind, message, detail = '' } = error;
  const { startedAt = now } = task.data;
  const event = finishedEvent(context, eventNames[task.step] ?? task.step, startedAt, {
    error: message,
  });
  const retry = kind === 'unavailable' && ofNewHost.has(task.step);
  const wasAborted = error instanceof AbortedMove;
  const failure = { kind, message, detail, retry, ...(wasAborted && { wasAborted }) };
  const data = { ...task.data, failure };
  return { events: [event], next: { step: 'clear-target', data, dueAt: now } };
}

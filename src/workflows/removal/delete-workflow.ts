/**
 * Workflow: a server is deleted: guest, ports, devices, row, in that order. Where its host is
 * silent the user does not wait: ports and row go first, and the devices stay held until the host
 * has reported that the guest is gone. No step gives up: what a step frees must not leak.
 */
import type { UnreadableTask } from '#contracts/store/store.ts';
import type { ComputeError } from '#core/errors.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { deletedAtOf, failedBy } from '../engine/endings.ts';
import { retryStep } from '../engine/retry-later.ts';
import { elsewhereRemoved, releaseElsewhere, removeElsewhere } from './remove-elsewhere.ts';
import { deleteLatePorts, dropImages, releaseAfterSilence, release } from './release-server.ts';
import { isHostSilent, removalSteps, returnSteps } from './remove-from-host.ts';
import { unbindPorts } from './tear-down.ts';
import { assertCurrent, type StepOutcome, type Workflow } from '../engine/workflow.ts';

const removal = removalSteps<'delete'>(isHostSilent);
const returned = returnSteps<'delete'>(releaseAfterSilence);

export const deleteWorkflow: Workflow<'delete'> = {
  steps: {
    // Of a server that moves: what is on the host where its row is not.
    'remove-elsewhere': { run: removeElsewhere },
    'elsewhere-removed': { run: elsewhereRemoved },
    'release-elsewhere': { run: releaseElsewhere, exclusive: true },
    'remove-guest': { run: removal.removeGuest },
    'guest-removed': { run: removal.guestRemoved },
    'unbind-ports': { run: unbindPorts },
    release: { run: release, exclusive: true },
    // Of shelving, and of copies that the deletion interrupted.
    'drop-images': { run: dropImages },
    // The host was silent: what the guest holds there is released when it has returned.
    'host-returned': { run: returned.hostReturned, exclusive: true },
    'remove-guest-again': { run: returned.removeGuestAgain },
    // A request may have been creating a port when the deletion took over.
    'delete-late-ports': { run: deleteLatePorts },
  },
  failed: async (context, task, error) => ({
    actionMessage: error.message,
    next: retryStep(task, context.clock.now()),
  }),
  recover,
};

/**
 * A deletion begins again: none of its steps needs what the row held. Once the row of the server is
 * deleted, it continues at its current step; at one unknown to this version it ends, because
 * nothing may be released twice.
 */
async function recover(
  context: WorkflowContext,
  task: UnreadableTask,
  error: ComputeError,
): Promise<StepOutcome<'delete'>> {
  const { servers } = context.store;
  const deletedAt = await deletedAtOf(context, task.serverId);
  // Its steps need a readable server, as a deletion that begins does.
  if ((await servers.damage(task.serverId)) !== undefined) {
    await assertCurrent(context, task);
    await servers.mend(task.serverId);
  }
  const { message: actionMessage } = error;
  const at = { data: {}, dueAt: context.clock.now() };
  if (deletedAt === null) {
    const move = await context.store.moves.openOf(task.serverId);
    if (move === undefined) return { actionMessage, next: { step: 'remove-guest', ...at } };
    const data = { moveId: move.id };
    return { actionMessage, next: { ...at, step: 'remove-elsewhere', data } };
  }
  if (task.step === 'host-returned' || task.step === 'remove-guest-again') {
    return { actionMessage, next: { step: 'remove-guest-again', ...at } };
  }
  if (task.step === 'delete-late-ports') {
    return { actionMessage, next: { step: 'delete-late-ports', ...at } };
  }
  return { outcome: failedBy(error), next: null };
}

/** Records how a command of a host ended, and continues the task that waits for it. */
import type { Answer } from '#contracts/store/store.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** Returns whether a task continues with it here. */
export async function recordAnswer(context: WorkflowContext, answer: Answer): Promise<boolean> {
  return (await recordWithStep(context, answer)) || (await recordAlone(context, answer));
}

/** In the commit of the step that waits for it. False: nothing was recorded. */
async function recordWithStep(
  { store, direct }: WorkflowContext,
  answer: Answer,
): Promise<boolean> {
  const parked = direct.takeParked(answer);
  if (parked === undefined) return false;
  const { task, command } = parked;
  const known = { answer: { ...command, result: answer.result } };
  return direct.join({ task, known }, (outcome, lease) =>
    store.commit({ task, ...outcome, answer, lease }),
  );
}

async function recordAlone(
  { store, clock, direct, wakeup }: WorkflowContext,
  { hostId, seq, result }: Answer,
): Promise<boolean> {
  const slots = direct.hold(1);
  try {
    const at = { now: clock.now(), lease: slots.leases[0] };
    const continued = await store.commands.complete(hostId, seq, result, at);
    if (continued === undefined) wakeup.notify('tasks');
    else slots.run(continued.task, { answer: continued.answer });
    return continued !== undefined;
  } finally {
    slots.end();
  }
}

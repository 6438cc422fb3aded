/** The two steps of an operation on a guest: the command to its host, and handling the answer. */
import type { HostCommandBody } from '#contracts/host/host-link.ts';
import type { Task } from '#contracts/store/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { guestOf } from '../boot/guest-of.ts';
import { succeeded } from '../engine/endings.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { guestActs, stopped } from './guest-acts.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepOutcome } from '../engine/workflow.ts';

export async function commandHost(
  context: WorkflowContext,
  task: Task<'act'>,
): Promise<StepOutcome<'act'>> {
  const { act, staysOff } = task.data;
  const { command } = guestActs[act];
  const server = await serverOf(context, task);
  invariant(server.hostId, `server ${server.id} is on no host`);
  const body: HostCommandBody =
    command === 'respawn' || command === 'suspend' || command === 'resume'
      ? {
          do: command,
          guest: await guestOf(context, server),
          ...(staysOff === true && { staysOff }),
          ...(act === 'rebuild' && { fresh: true }),
        }
      : { do: command, guestId: server.id };
  const data = { ...task.data, startedAt: context.clock.now() };
  return {
    command: { hostId: server.hostId, serverId: server.id, body },
    next: { step: 'host-answered', data, dueAt: null },
  };
}

export async function hostAnswered(
  context: WorkflowContext,
  task: Task<'act'>,
): Promise<StepOutcome<'act'>> {
  const { act, staysOff, startedAt } = task.data;
  const { command, action, to } = guestActs[act];
  const last = await context.store.commands.last(task.serverId, command);
  invariant(last?.result, `server ${task.serverId}: its host has not answered the ${command}`);
  const { result } = last;
  if (!result.ok) throw new ComputeError('unavailable', result.message, { detail: result.detail });
  const now = context.clock.now();
  return {
    server: { ...(staysOff === true ? stopped : to), taskState: null, fault: null },
    events: [finishedEvent(context, `compute_${action}`, startedAt ?? now)],
    outcome: succeeded,
    next: null,
  };
}

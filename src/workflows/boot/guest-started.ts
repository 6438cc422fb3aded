/**
 * Step: the host answered the spawn. The claim is final, and the server ACTIVE once its ports are
 * wired; otherwise the boot is undone.
 */
import type { Task } from '#contracts/store/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { allocateServer } from '#core/ledger/host-ledger.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { succeeded } from '../engine/endings.ts';
import { hostChange } from '../hosts/host-change.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { hostOf, newestCommand } from '../engine/server-of.ts';
import { plugWait } from '../ports/wait-for-plug.ts';
import type { StepOutcome } from '../engine/workflow.ts';

/** Throws the host's error text when the guest did not start. */
export async function guestStarted(
  context: WorkflowContext,
  task: Task<'boot'>,
): Promise<StepOutcome<'boot'>> {
  const command = await newestCommand(context, task, 'spawn');
  invariant(command?.result, `server ${task.serverId}: its host has not answered the spawn`);
  const { result, hostId } = command;
  if (!result.ok) {
    const kind = result.sameElsewhere === true ? 'invalid' : 'unavailable';
    throw new ComputeError(kind, result.message, { detail: result.detail });
  }
  const { serverId, data } = task;
  const host = await hostOf(context, { id: serverId, hostId }, data.claimedAt);
  invariant(host, `server ${serverId} started on no host`);
  const devices = await context.fleet.devices(context.store.hosts, host);
  const entry = allocateServer(host, devices, serverId);
  const startedAt = data.startedAt ?? context.clock.now();
  const spawned = finishedEvent(context, 'spawn', startedAt, { host: host.name });
  const wait = plugWait(context, task);
  const follows = wait ?? becomeActive(context);
  return {
    ...follows,
    ...(entry.devices !== undefined && { host: hostChange(host, entry) }),
    events: [spawned, ...(follows.events ?? [])],
  };
}

/** The end of a boot. */
export function becomeActive({ clock }: Pick<WorkflowContext, 'clock'>): StepOutcome<'boot'> {
  const launchedAt = clock.now();
  return {
    server: { vmState: 'active', taskState: null, powerState: 1, launchedAt, fault: null },
    outcome: succeeded,
    next: null,
  };
}

/** The steps by which NICs follow their ports, one VF of a running guest at a time. */
import type { StepRecord } from '#contracts/host/host-link.ts';
import type { Task } from '#contracts/store/store.ts';
import type { ChangedNic } from '#contracts/store/task-data.ts';
import { isSame } from '#core/is-same.ts';
import { invariant } from '#core/errors.ts';
import { hasOtherSettings } from '#core/networking/follow-port.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { failedBy, succeeded } from '../engine/endings.ts';
import { hostSilentMessage } from '../engine/end-silent-commands.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { serverOf } from '../engine/server-of.ts';
import { guestNicOf } from '../nics/detach-steps.ts';
import type { StepOutcome } from '../engine/workflow.ts';

/** Its name in the list of a server's actions when its host has to act. */
export const changePortAction = 'change_port';

export async function followPorts(
  context: WorkflowContext,
  task: Task<'follow-ports'>,
): Promise<StepOutcome<'follow-ports'>> {
  const { moved } = task.data;
  const server = await serverOf(context, task);
  const nics = followedNics(server, task);
  if (nics.length < moved.length) return { outcome: succeeded, next: null };
  const changing = moved.find((each) => changesVf(server, each));
  const nic = nics.find(({ id }) => id === changing?.nicId);
  if (task.data.needsHost !== true || nic === undefined) return followed(nics, task);
  invariant(server.hostId, `server ${server.id} is on no host`);
  const body = { do: 'change-nic', guestId: server.id, nic: guestNicOf(server, nic) } as const;
  return {
    command: { hostId: server.hostId, serverId: server.id, body },
    next: {
      step: 'host-answered',
      data: { ...task.data, startedAt: context.clock.now() },
      dueAt: null,
    },
  };
}

export async function vfChanged(
  context: WorkflowContext,
  task: Task<'follow-ports'>,
): Promise<StepOutcome<'follow-ports'>> {
  const command = await context.store.commands.last(task.serverId, 'change-nic');
  invariant(command?.result, `server ${task.serverId}: its host has not answered the change`);
  const { result } = command;
  return endOfChange(
    context,
    task,
    result.ok ? {} : { error: result.message, steps: result.steps },
  );
}

/**
 * A refusal of the host is recorded in the server's actions, and the NIC keeps its VF's current
 * settings: its next start is no surprise. A host that stopped reporting gets the command again
 * once it is back. `steps`: those that were done before the refusal.
 */
export async function endOfChange(
  context: WorkflowContext,
  task: Task<'follow-ports'>,
  { error, steps = [] }: { error?: string; steps?: StepRecord[] },
): Promise<StepOutcome<'follow-ports'>> {
  if (error === hostSilentMessage) return { outcome: failedBy({ message: error }), next: null };
  const server = await serverOf(context, task);
  const { startedAt = context.clock.now() } = task.data;
  const how = {
    ...(server.hostName !== null && { host: server.hostName }),
    ...(error !== undefined && { error }),
  };
  const nics = followedNics(server, task);
  const kept = error === undefined ? nics : nics.map((nic) => asItsVf(server, nic, steps));
  return {
    ...followed(kept, task),
    events: [finishedEvent(context, `compute_${changePortAction}`, startedAt, how)],
    ...(error !== undefined && { outcome: failedBy({ message: error }) }),
  };
}

/** The link state is the last step: if a step came before it, only the link state was refused. */
function asItsVf(server: Server, nic: ServerNic, steps: readonly StepRecord[]): ServerNic {
  const { vif } = nic;
  const before = server.nics.find(({ id }) => id === nic.id)?.vif?.details['vf_settings'];
  if (vif === null) return nic;
  const { vf_settings: now, ...details } = vif.details;
  const linkState = (before as { link_state?: unknown } | undefined)?.link_state;
  const kept = steps.length === 0 ? before : { ...(now as object), link_state: linkState };
  return {
    ...nic,
    vif: { ...vif, details: { ...details, ...(kept !== undefined && { vf_settings: kept }) } },
  };
}

function followed(nics: ServerNic[], task: Task<'follow-ports'>): StepOutcome<'follow-ports'> {
  const { upTo } = task.data;
  return { nics, seenEvents: { kinds: ['changed'], upTo }, outcome: succeeded, next: null };
}

/** Those that are unchanged since the comparison. */
function followedNics(server: Server, task: Task<'follow-ports'>): ServerNic[] {
  const { moved } = task.data;
  return moved.flatMap(({ nicId, before, now }) => {
    const nic = server.nics.find(({ id }) => id === nicId);
    return nic !== undefined && isSame(nic.vif, before) ? [{ ...nic, vif: now }] : [];
  });
}

/** Whether a running guest has a VF whose settings differ now. */
export function changesVf({ vmState }: Server, { before, now }: ChangedNic): boolean {
  const runs = vmState === 'active' || vmState === 'paused' || vmState === 'rescued';
  return runs && hasOtherSettings(before, now.details);
}

/**
 * Workflow: NICs of an idle server follow their ports, which have other addresses or settings now.
 * A running guest's VFs are set by its host.
 */
import type { StepRecord } from '#contracts/host/host-link.ts';
import type { Task } from '#contracts/store/store.ts';
import { canonicalText } from '#core/canonical-text.ts';
import { type ComputeError, invariant } from '#core/errors.ts';
import { hasOtherSettings } from '#core/networking/follow-port.ts';
import type { Vif } from '#core/networking/vif.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { beginByItself } from '../engine/begin-by-itself.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { hostSilentMessage } from '../engine/end-silent-commands.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { hostOf, serverOf } from '../engine/server-of.ts';
import { guestNicOf } from '../nics/take-off-nic.ts';
import type { StepOutcome, Workflow } from '../engine/workflow.ts';

/** A NIC, the VIF it was compared with, and what that becomes. */
interface Moved {
  nicId: string;
  before: Vif;
  now: Vif;
}

/** What was found. `upTo`: the last event before that look. */
export interface PortNews extends Record<string, unknown> {
  moved: Moved[];
  upTo: number;
}

/** As the list of a server's actions names it when its host has something to do. */
const actionName = 'change_port';

/**
 * Begins it; nothing done while another workflow runs for the server. The events stay for what is
 * left: further VFs, and those of a silent host.
 */
export async function beginFollowingPorts(
  context: WorkflowContext,
  server: Server,
  data: PortNews,
): Promise<void> {
  const needing = data.moved.filter((each) => changesVf(server, each));
  // One VF at a time, so that a refusal is about one port.
  const chosen =
    needing.length > 0 && (await isReachable(context, server)) ? needing.slice(0, 1) : [];
  const moved = data.moved.filter((each) => !needing.includes(each) || chosen.includes(each));
  if (moved.length === 0) return;
  const needsHost = chosen.length > 0;
  const upTo = chosen.length === needing.length ? data.upTo : 0;
  await beginByItself(context, server, {
    kind: 'follow-ports',
    step: 'follow',
    data: { moved, upTo, needsHost },
    action: needsHost ? actionName : null,
  });
}

async function isReachable(context: WorkflowContext, server: Server): Promise<boolean> {
  const host = await hostOf(context, server);
  return host !== undefined && context.links.isAlive(host);
}

/**
 * The workflow behind it. A NIC that another workflow has changed since is left to the next look:
 * the events stay.
 */
export const followPortsWorkflow: Workflow = {
  steps: { follow: { run: follow }, 'host-answered': { run: hostAnswered } },
  failed,
};

async function follow(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const { moved } = task.data as PortNews;
  const server = await serverOf(context, task);
  const nics = followedNics(server, task);
  if (nics.length < moved.length) return { next: null };
  const changing = moved.find((each) => changesVf(server, each));
  const nic = nics.find(({ id }) => id === changing?.nicId);
  if (task.data['needsHost'] !== true || nic === undefined) return followed(nics, task);
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

async function hostAnswered(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const command = await context.store.commands.last(task.serverId, 'change-nic');
  invariant(command?.result, `server ${task.serverId}: its host has not answered the change`);
  const { result } = command;
  return ended(context, task, result.ok ? {} : { error: result.message, steps: result.steps });
}

async function failed(
  context: WorkflowContext,
  task: Task,
  { message }: ComputeError,
): Promise<StepOutcome> {
  // Without a host to ask there is no action that could have the reason, and the events stay.
  if (task.data['needsHost'] !== true) return { next: null };
  return ended(context, task, { error: message });
}

/**
 * What the host refuses is in the server's actions, and the NIC keeps what its VF has: its next
 * start is no surprise. A host that stopped reporting is asked again once it is back. `steps`:
 * those that were done before the refusal.
 */
async function ended(
  context: WorkflowContext,
  task: Task,
  { error, steps = [] }: { error?: string; steps?: StepRecord[] },
): Promise<StepOutcome> {
  if (error === hostSilentMessage) return { actionMessage: error, next: null };
  const server = await serverOf(context, task);
  const startedAt = Number(task.data['startedAt'] ?? context.clock.now());
  const how = {
    ...(server.hostName !== null && { host: server.hostName }),
    ...(error !== undefined && { error }),
  };
  const nics = followedNics(server, task);
  const kept = error === undefined ? nics : nics.map((nic) => asItsVf(server, nic, steps));
  return {
    ...followed(kept, task),
    events: [finishedEvent(context, `compute_${actionName}`, startedAt, how)],
    ...(error !== undefined && { actionMessage: error }),
  };
}

/** The link state is the last step: where there was one before, only that was refused. */
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

function followed(nics: ServerNic[], task: Task): StepOutcome {
  const { upTo } = task.data as PortNews;
  return { nics, seenEvents: { kinds: ['changed'], upTo }, next: null };
}

/** Those that are still what the look compared. */
function followedNics(server: Server, task: Task): ServerNic[] {
  const { moved } = task.data as PortNews;
  return moved.flatMap(({ nicId, before, now }) => {
    const nic = server.nics.find(({ id }) => id === nicId);
    const isSame = nic !== undefined && canonicalText(nic.vif) === canonicalText(before);
    return isSame ? [{ ...nic, vif: now }] : [];
  });
}

/** Has a running guest the VF whose settings are other ones now? */
function changesVf({ vmState }: Server, { before, now }: Moved): boolean {
  const runs = vmState === 'active' || vmState === 'paused';
  return runs && hasOtherSettings(before, now.details);
}

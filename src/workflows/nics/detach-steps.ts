/**
 * Steps that remove one NIC of a server: from the guest, from its port, from the claims, in that
 * order. Used by detach, and by an attach that failed.
 */
import type { Host, Task, UnreadableTask } from '#contracts/store/store.ts';
import type { AttachData } from '#contracts/store/task-data.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { planGuestNic } from '#core/guests/nics/plan-nic.ts';
import type { GuestNic } from '#core/guests/description/guest.ts';
import type { NetworkRequest } from '#core/networking/network-request.ts';
import { releaseRequest } from '#core/ledger/host-ledger.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { failedBy, succeeded } from '../engine/endings.ts';
import { hostChange } from '../hosts/host-change.ts';
import { hostSilentMessage } from '../engine/end-silent-commands.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryLater } from '../engine/retry-later.ts';
import { hostOf, newestCommand, serverOf } from '../engine/server-of.ts';
import { isBoundFor, releasePort } from '../ports/unbind-nics.ts';
import { portsMadeFor } from '../removal/tear-down.ts';
import { type StepOutcome, assertCurrent } from '../engine/workflow.ts';

/** Workflows that remove a NIC. */
type NicRemovalKind = 'attach' | 'detach';

/** The NIC of a task, or undefined when it never got a row. */
export function nicOf(server: Server, task: Task<NicRemovalKind>): ServerNic | undefined {
  return server.nics.find(({ id }) => id === task.data.nicId);
}

/**
 * The NIC that an otherwise unreadable row names; undefined where it names none, or the server's
 * row is damaged too.
 */
export async function nicInRow(
  { store }: Pick<WorkflowContext, 'store'>,
  { serverId, data }: UnreadableTask,
): Promise<ServerNic | undefined> {
  if ((await store.servers.damage(serverId)) !== undefined) return undefined;
  const server = await store.servers.get(serverId);
  const nicId = (data as { nicId?: unknown } | null)?.nicId;
  return server?.nics.find(({ id }) => id === nicId);
}

/** The error of the attach being undone; undefined for a detach. */
function failureOf({ data }: Task<NicRemovalKind>): AttachData['failure'] {
  return 'failure' in data ? data.failure : undefined;
}

/** The NIC in the form that the host needs. */
export function guestNicOf(server: Server, nic: ServerNic): GuestNic {
  invariant(nic.vif, `NIC ${nic.id} of server ${server.id} is not bound`);
  const verdict = planGuestNic(nic.vif, {
    vcpus: server.flavor.vcpus,
    extraSpecs: server.flavor.extraSpecs,
    imageProperties: server.imageProperties,
    rxQueueSize: null,
    txQueueSize: null,
    maxQueues: null,
  });
  if (verdict.ok) return verdict.nic;
  throw new ComputeError('unavailable', verdict.reasons.map(({ message }) => message).join('; '));
}

/** Commands the host; continues at once for a NIC that no host can have. */
export async function detachNic<Kind extends NicRemovalKind>(
  context: WorkflowContext,
  task: Task<Kind>,
): Promise<StepOutcome<Kind>> {
  const server = await serverOf(context, task);
  const nic = nicOf(server, task);
  const now = context.clock.now();
  const data = { ...task.data, startedAt: now };
  const host = await hostOf(context, server);
  const hasNone = host === undefined || nic === undefined || nic.vif === null;
  if (hasNone || (await wasNeverAttached(context, task))) {
    return { next: { step: 'unbind-ports', data, dueAt: now } };
  }
  if (!context.links.isAlive(host)) return waitForHost(context, task, host);
  const body = { do: 'detach', guestId: server.id, nic: guestNicOf(server, nic) } as const;
  return {
    command: { hostId: host.id, serverId: server.id, body },
    next: { step: 'nic-detached', data, dueAt: null },
  };
}

/** Whether this undoes an attach that was never sent to the host. */
async function wasNeverAttached(
  { store }: WorkflowContext,
  task: Task<NicRemovalKind>,
): Promise<boolean> {
  if (task.kind !== 'attach') return false;
  const attach = await store.commands.last(task.serverId, 'attach');
  return attach?.result?.ok === false && attach.result.undone === true;
}

/**
 * The guest may have the NIC: it keeps its device and port until the host is back. After a while
 * the action's message has the reason.
 */
function waitForHost<Kind extends NicRemovalKind>(
  { links, settings, clock }: WorkflowContext,
  task: Task<Kind>,
  host: Host,
): StepOutcome<Kind> {
  const { saidWhy = false } = task.data;
  const failure = failureOf(task);
  const reportsWhy = !saidWhy && links.silentMs(host) > settings.hostLostMs;
  const waiting = { ...task, data: { ...task.data, saidWhy: saidWhy || reportsWhy } };
  return {
    ...(reportsWhy && { actionMessage: failure?.message ?? hostSilentMessage }),
    next: retryLater(waiting, clock.now()),
  };
}

/** A NIC that the guest has not released keeps its device and port: the command is sent again. */
export async function nicDetached<Kind extends NicRemovalKind>(
  context: WorkflowContext,
  task: Task<Kind>,
): Promise<StepOutcome<Kind>> {
  const command = await newestCommand(context, task, 'detach');
  const now = context.clock.now();
  const startedAt = task.data.startedAt ?? now;
  if (command?.result?.ok === true) {
    return {
      events: [finishedEvent(context, 'take_off', startedAt)],
      next: { step: 'unbind-ports', data: task.data, dueAt: now },
    };
  }
  const error = command?.result?.message ?? 'the host has not answered';
  context.log.warn({ server: task.serverId, error }, 'NIC not detached; will try again');
  return {
    events: [finishedEvent(context, 'take_off', startedAt, { error })],
    next: retryLater(task, now, 'detach-nic'),
  };
}

export async function unbindNicPort<Kind extends NicRemovalKind>(
  context: WorkflowContext,
  task: Task<Kind>,
): Promise<StepOutcome<Kind>> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const { portIsGone } = task.data;
  const requested = 'nic' in task.data ? task.data.nic : undefined;
  const nic = nicOf(server, task) ?? (requested && { ...requested, ownsPort: false });
  if (portIsGone === true) {
    return { next: { step: 'release', data: task.data, dueAt: startedAt } };
  }
  await assertCurrent(context, task);
  if (nic !== undefined && nic.portId !== null && !nic.ownsPort) {
    const [port] = await context.network.listPorts([nic.portId]);
    if (port !== undefined && isBoundFor(server, port)) await releasePort(context, server, port);
  } else if (nic !== undefined) {
    for (const portId of await portsOf(context, server, nic)) {
      await assertCurrent(context, task);
      await context.network.deletePort(portId);
    }
  }
  return {
    events: [finishedEvent(context, 'unbind_port', startedAt)],
    next: { step: 'release', data: task.data, dueAt: context.clock.now() },
  };
}

/**
 * The ports created for a NIC: the recorded one, or one left by an attach that failed before it was
 * recorded.
 */
async function portsOf(
  context: WorkflowContext,
  server: Server,
  nic: NetworkRequest,
): Promise<string[]> {
  if (nic.portId !== null) return [nic.portId];
  const others = new Set(server.nics.map(({ portId }) => portId));
  const made = await portsMadeFor(context, server);
  return made
    .filter((port) => port.networkId === nic.networkId && !others.has(port.id))
    .map(({ id }) => id);
}

export async function releaseNic<Kind extends NicRemovalKind>(
  context: WorkflowContext,
  task: Task<Kind>,
): Promise<StepOutcome<Kind>> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const { nicId } = task.data;
  const failure = failureOf(task);
  const requestId = nicOf(server, task)?.pciRequestId ?? null;
  const host = requestId === null ? undefined : await hostOf(context, server);
  const outcome: StepOutcome<Kind> = {
    removedNics: [nicId],
    ...(requestId !== null && { removedPciRequests: [requestId] }),
    events: [finishedEvent(context, 'release', startedAt)],
    outcome: failure === undefined ? succeeded : failedBy(failure),
    next: null,
  };
  if (host === undefined || requestId === null) return outcome;
  const devices = await context.fleet.devices(context.store.hosts, host);
  const entry = releaseRequest(host, devices, { serverId: server.id, requestId });
  return { ...outcome, host: hostChange(host, entry) };
}

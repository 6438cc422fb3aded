/** Adds a NIC to a server, running or not, while the caller waits. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Task } from '#contracts/store/store.ts';
import type { AttachData } from '#contracts/store/task-data.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { affinityPolicyOf } from '#core/servers/guest-numa.ts';
import { memberText } from '#core/servers/member-text.ts';
import type { RequestedNic } from '#core/servers/new-server.ts';
import type { Server, VmState } from '#core/servers/server.ts';
import { newNic, refuseUnbindable } from './attach-steps.ts';
import { undoAttach } from './attach-workflow.ts';
import {
  beginAfterNicChanges,
  endOfAction,
  type NewWorkflow,
  refuseOpenMove,
  refuseState,
  requestOwner,
} from '../engine/begin-action.ts';
import { bindingNeeds } from '../ports/binding-needs.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { makeEvent, makePorts } from '../ports/make-ports.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { automaticNics, type NicNaming, resolveNics } from '../ports/resolve-nics.ts';
import { serverOf } from '../engine/server-of.ts';
import { asFailure } from '../engine/workflow.ts';

/** States in which NICs may be added and removed. */
export const attachable: readonly VmState[] = ['active', 'paused', 'stopped'];

/** `nic` null: one on the project's only network. */
export interface AttachRequest {
  nic: RequestedNic | null;
  requestId: string;
}

/** How errors of an attach name a NIC's parts; what does not exist is `notFound` there. */
const attachNaming: NicNaming = {
  network: () => 'interfaceAttachment.net_id',
  port: () => 'interfaceAttachment.port_id',
  missing: 'notFound',
  taken: 'conflict',
};

/**
 * Attaches and returns the port once the guest has the NIC. Throws `invalid` or `conflict` for
 * invalid requests, `invalid` when the server's host has no fitting device left, `unavailable` when
 * network or host refuse. Source: Nova `InterfaceAttachPciClaimFailed`, a 400.
 */
export async function attachInterface(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { nic, requestId }: AttachRequest,
): Promise<string> {
  refuseState(server, 'attach_interface', attachable);
  await refuseOpenMove(context, server, 'attach_interface');
  const requested =
    nic === null ? await automaticNics(context, caller, 'auto', 'invalid') : { requested: [nic] };
  const affinityPolicy = affinityPolicyOf(server.flavor, server.imageProperties);
  const { nics, pciRequests, devicePorts } = await resolveNics(context, caller, {
    ...requested,
    affinityPolicy,
    projectId: server.projectId,
    naming: attachNaming,
  });
  const [request] = nics;
  invariant(request, 'resolveNics returned no NIC');
  const [pciRequest = null] = pciRequests;
  const data: AttachData = { nicId: context.newId(), nic: request, pciRequest, devicePorts };
  const action = { kind: 'attach', action: 'attach_interface', requestId, change: {} } as const;
  const { actionId } =
    request.portId === null
      ? await beginWithPort(context, caller, server, { ...action, data })
      : await beginAfterNicChanges(context, caller, server, { ...action, step: 'claim', data });
  return portOnceAttached(context, caller, server.id, { actionId, nicId: data.nicId });
}

/**
 * A NIC that names a network needs no device: once it has its port it can be bound. The task begins
 * with its own undo, leased by the request.
 */
async function beginWithPort(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  workflow: Omit<NewWorkflow<'attach'>, 'step' | 'isLeased'>,
): Promise<Task<'attach'>> {
  const { data, requestId } = workflow;
  const binding = await bindingNeeds(context, [data.nic], data.devicePorts);
  refuseUnbindable(server, binding, { hidesHost: !caller.isAdmin });
  const failure = { message: 'the request ended before its port was made' };
  const task = await beginAfterNicChanges(context, caller, server, {
    ...workflow,
    step: 'detach-nic',
    data: { ...data, failure },
    isLeased: true,
  });
  const startedAt = context.clock.now();
  try {
    await makePort(context, caller, task, data);
  } catch (error) {
    const failed = { name: makeEvent, error: asFailure(error), startedAt };
    await context.store.commit({ task, ...undoAttach(context, task, failed) });
    throw error;
  } finally {
    await context.store.tasks.release(task, requestOwner(context, requestId));
    context.wakeup.notify('tasks');
  }
  return task;
}

async function makePort(
  context: WorkflowContext,
  caller: Caller,
  task: Task<'attach'>,
  data: AttachData,
): Promise<void> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const [nic] = await makePorts(context, caller, server, {
    nics: [newNic(server, data)],
    naming: attachNaming,
  });
  invariant(nic, 'makePorts returned no NIC');
  const next = { step: 'bind-ports', data, dueAt: context.clock.now() } as const;
  const events = [finishedEvent(context, makeEvent, startedAt)];
  const { ok } = await context.store.commit({ task, nics: [nic], events, next });
  if (!ok && nic.portId !== null) await context.network.deletePort(nic.portId);
}

async function portOnceAttached(
  context: WorkflowContext,
  { isAdmin }: Caller,
  serverId: string,
  { actionId, nicId }: { actionId: string; nicId: string },
): Promise<string> {
  const action = await endOfAction(context, serverId, actionId);
  const server = await context.store.servers.get(serverId);
  const portId = server?.nics.find(({ id }) => id === nicId)?.portId ?? null;
  const outcome = action?.outcome ?? null;
  if (outcome === null) {
    const message = `attaching to instance ${serverId} was superseded by another action`;
    throw new ComputeError('conflict', message);
  }
  if (outcome.is === 'ok') {
    // Attached, and removed again before this request could answer.
    if (portId === null) throw new ComputeError('conflict', `NIC ${nicId} was detached again`);
    return portId;
  }
  const message = isAdmin ? outcome.message : memberText(outcome.message);
  if (outcome.kind === 'conflict') throw new ComputeError('conflict', message);
  throw new ComputeError(outcome.is === 'refused' ? 'invalid' : 'unavailable', message);
}

/** Adds a NIC to a server, running or not: claim → bind → host → wires; when that fails, back in reverse with nothing left behind. */
import type { Caller } from '#contracts/identity.ts';
import type { HostChange, Task } from '#contracts/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { bindingRefusal } from '#core/networking/binding-need.ts';
import { allocateDevices } from '#core/pci/allocate.ts';
import { blockingProblems } from '#core/hosts/host-problem.ts';
import { awaitsWiring } from '#core/networking/plug.ts';
import { allocateClaimed, claimDevices } from '#core/pci/claim.ts';
import { withInterfaceTags } from '#core/pci/interface-need.ts';
import type { PciRequest } from '#core/pci/request.ts';
import type { SpecBinding } from '#core/scheduling/request-spec.ts';
import { affinityPolicyOf } from '#core/servers/guest-numa.ts';
import type { RequestedNic } from '#core/servers/new-server.ts';
import type { Server, ServerNic, VmState } from '#core/servers/server.ts';
import { beginAfterNicChanges, endOfAction, refuseState } from './begin-action.ts';
import { bindNics } from './bind-ports.ts';
import { bindingWishes } from './binding-wishes.ts';
import type { WorkflowContext } from './context.ts';
import { deviceChange } from './device-change.ts';
import type { DevicePorts } from './device-ports.ts';
import { guestOf } from './guest-of.ts';
import { finishedEvent } from './record-event.ts';
import { automaticNics, type NicNaming, resolveNics } from './resolve-nics.ts';
import { hostOf, serverOf } from './server-of.ts';
import { guestNicOf, type NicData, nicData, nicOf, takeOffSteps } from './take-off-nic.ts';
import {
  type PlugData,
  plugEvent,
  plugStart,
  plugStep,
  plugWait,
  waitForPlug,
} from './wait-for-plug.ts';
import type { StepOutcome, StepStart, Workflow } from './workflow.ts';

/** States in which NICs come and go. */
export const attachable: readonly VmState[] = ['active', 'paused', 'stopped'];

/** `nic` null: one on the project's only network. */
export interface WishedNic {
  nic: RequestedNic | null;
  requestId: string;
}

/** What the body of an attach calls a NIC's parts; what does not exist is not found there. */
const attachNaming: NicNaming = {
  network: () => 'interfaceAttachment.net_id',
  port: () => 'interfaceAttachment.port_id',
  missing: 'notFound',
};

interface AttachData extends NicData, PlugData {
  nic: Omit<ServerNic, 'id' | 'position' | 'ownsPort' | 'vif'>;
  pciRequest: PciRequest | null;
  devicePorts?: DevicePorts;
}

/**
 * Attaches and returns the port once the guest has the NIC. Throws `invalid` or `conflict` for what cannot be asked for, `invalid` when the
 * server's host has no fitting device left, `unavailable` when network or host refuse.
 * Source: Nova `InterfaceAttachPciClaimFailed`, a 400.
 */
export async function attachInterface(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { nic, requestId }: WishedNic,
): Promise<string> {
  refuseState(server, 'attach_interface', attachable);
  const asked = nic === null ? await automaticNics(context, caller, 'auto') : { asked: [nic] };
  const affinityPolicy = affinityPolicyOf(server.flavor, server.imageProperties);
  const { nics, pciRequests, devicePorts } = await resolveNics(context, caller, {
    ...asked,
    affinityPolicy,
    naming: attachNaming,
  });
  const [request] = nics;
  invariant(request, 'a NIC to attach was resolved to none');
  const [pciRequest = null] = pciRequests;
  const data: AttachData = { nicId: context.newId(), nic: request, pciRequest, devicePorts };
  const actionId = await beginAfterNicChanges(context, caller, server, {
    kind: 'attach',
    step: 'claim',
    data,
    action: 'attach_interface',
    requestId,
    change: {},
  });
  return portOnceAttached(context, server.id, { actionId, nicId: data.nicId });
}

async function portOnceAttached(
  context: WorkflowContext,
  serverId: string,
  { actionId, nicId }: { actionId: string; nicId: string },
): Promise<string> {
  const action = await endOfAction(context, serverId, actionId);
  const server = await context.store.servers.get(serverId);
  const portId = server?.nics.find(({ id }) => id === nicId)?.portId ?? null;
  const isAttached = action?.events.some(
    ({ name, result }) => name === 'attach' && result === 'Success',
  );
  if (portId !== null && isAttached === true) return portId;
  const isRefusal = action?.events.some(
    ({ name, result }) => name === 'claim' && result === 'Error',
  );
  if (action?.message == null) {
    const message = `attaching to instance ${serverId} was given up for another action`;
    throw new ComputeError('conflict', message);
  }
  throw new ComputeError(isRefusal === true ? 'invalid' : 'unavailable', action.message);
}

/** The workflow behind it. */
export const attachWorkflow: Workflow = {
  steps: {
    claim: { read: readBinding, run: claim, exclusive: true },
    bind: { run: bind },
    attached: { run: attached, exclusive: true },
    [plugStep]: waitForPlug(endOfAttach),
    ...takeOffSteps,
  },
  failed,
};

/** Takes the device and writes NIC and request: from here on an undo knows what to give back. */
async function claim(
  context: WorkflowContext,
  task: Task,
  { read }: StepStart<SpecBinding | null>,
): Promise<StepOutcome> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const { nic, nicId, pciRequest } = task.data as AttachData;
  refuseUnbindable(server, read);
  const position = Math.max(-1, ...server.nics.map((each) => each.position)) + 1;
  const host = pciRequest === null ? undefined : await claimChange(context, server, pciRequest);
  return {
    ...(host !== undefined && { host }),
    ...(pciRequest !== null && { newPciRequests: [pciRequest] }),
    nics: [{ ...nic, id: nicId, position, ownsPort: false, vif: null }],
    events: [finishedEvent(context, 'claim', startedAt)],
    next: { step: 'bind', data: task.data, dueAt: context.clock.now() },
  };
}

function readBinding(context: WorkflowContext, task: Task): Promise<SpecBinding | null> {
  const { nic, devicePorts } = task.data as AttachData;
  return bindingWishes(context, [nic], devicePorts);
}

function refuseUnbindable({ id, hostName }: Server, binding: SpecBinding | null): void {
  const host = hostName ?? '';
  const [reason] =
    binding?.needs.flatMap((need) => bindingRefusal(need, host, binding.agents) ?? []) ?? [];
  if (reason === undefined) return;
  throw new ComputeError(
    'invalid',
    `Failed to bind a port for instance ${id} on host ${host}: ${reason.message}`,
    { detail: reason.code },
  );
}

async function claimChange(
  context: WorkflowContext,
  server: Server,
  request: PciRequest,
): Promise<HostChange> {
  const host = await hostOf(context, server);
  invariant(host, `server ${server.id} is on no host`);
  const devices = await context.store.hosts.devices(host.id);
  const cells = host.numa.claims.filter((each) => each.serverId === server.id);
  const allocation = allocateDevices({
    ...withInterfaceTags({ devices, requests: [request] }),
    numaCells: cells.map(({ node }) => node),
    hostNuma: host.numa.nodes,
    preference: context.settings.cardPreference,
  });
  const problems = blockingProblems(host.problems, [request]);
  if (!allocation.ok || problems.length > 0) {
    const reasons = allocation.ok ? problems : allocation.reasons;
    const why = reasons.map(({ message }) => message).join('; ');
    throw new ComputeError(
      'invalid',
      `Failed to claim PCI devices for instance ${server.id} on host ${host.name}: ${why}`,
      { detail: 'pci_claim_failed' },
    );
  }
  const changed = claimDevices(devices, allocation.assignments, server.id);
  return deviceChange(host, devices, changed);
}

async function bind(
  context: WorkflowContext,
  task: Task,
  { mayHaveBegun }: StepStart,
): Promise<StepOutcome> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const host = await hostOf(context, server);
  const nic = nicOf(server, task);
  invariant(host && nic, `server ${server.id}: its host or its new NIC is gone`);
  const { devicePorts } = task.data as AttachData;
  const [done] = await bindNics(context, task, {
    server,
    host,
    nics: [nic],
    devicePorts,
    mayHaveBegun,
  });
  invariant(done, 'one NIC was bound to none');
  const { nic: bound, port } = done;
  const nics = [...server.nics.filter(({ id }) => id !== nic.id), bound];
  const after = { ...server, nics };
  const guest = await guestOf(context, after);
  const body = { do: 'attach', guest, nic: guestNicOf(after, bound) } as const;
  // A guest that is off has no NIC yet that anybody could wire.
  const unwired = server.vmState !== 'stopped' && awaitsWiring(port) ? [port.id] : [];
  return {
    nics: [bound],
    command: { hostId: host.id, serverId: server.id, body },
    events: [finishedEvent(context, 'bind_port', startedAt, { host: host.name })],
    next: { step: 'attached', data: { ...task.data, startedAt, unwired }, dueAt: null },
  };
}

async function attached(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const command = await context.store.commands.last(task.serverId, 'attach');
  invariant(command?.result, `server ${task.serverId}: its host has not answered the attach`);
  const { result } = command;
  if (!result.ok) throw new ComputeError('unavailable', result.message, { detail: result.detail });
  const server = await serverOf(context, task);
  const host = await hostOf(context, server);
  invariant(host, `server ${server.id} is on no host`);
  const devices = await context.store.hosts.devices(host.id);
  const changed = allocateClaimed(devices, server.id);
  const wait = plugWait(context, task);
  return {
    ...(changed.length > 0 && { host: deviceChange(host, devices, changed) }),
    ...(wait ?? endOfAttach(context, task, host.name)),
  };
}

/** Who attaches is told so by this event. */
function endOfAttach(context: WorkflowContext, task: Task, host: string): StepOutcome {
  const startedAt = nicData(task).startedAt ?? context.clock.now();
  return { events: [finishedEvent(context, 'attach', startedAt, { host })], next: null };
}

const forward = ['claim', 'bind', 'attached', plugStep];
const retryMs = 2_000;

/** A forward step that fails starts the undo; an undo step is tried again, for what it frees must not leak. */
async function failed(
  context: WorkflowContext,
  task: Task,
  error: ComputeError,
): Promise<StepOutcome> {
  const now = context.clock.now();
  if (!forward.includes(task.step)) {
    return { next: { step: task.step, data: task.data, dueAt: now + retryMs } };
  }
  const name = task.step === plugStep ? plugEvent : task.step;
  const startedAt = plugStart(task, now);
  const event = finishedEvent(context, name, startedAt, { error: error.message });
  if (task.step === 'claim') {
    return { events: [event], actionMessage: error.message, next: null };
  }
  const failure = { message: error.message };
  return {
    events: [event],
    next: { step: 'take-off', data: { ...task.data, failure }, dueAt: now },
  };
}

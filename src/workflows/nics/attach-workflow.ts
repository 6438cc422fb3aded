/**
 * A NIC comes to a server: claim → bind → host → wires; when that fails, back in reverse with
 * nothing left behind.
 */
import type { HostChange, Task } from '#contracts/store/store.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { bindingRefusal } from '#core/networking/binding/binding-need.ts';
import { blockingProblems } from '#core/hosts/host-problem.ts';
import type { NetworkRequest } from '#core/networking/network-request.ts';
import { awaitsWiring } from '#core/networking/plug.ts';
import { allocateClaimed } from '#core/pci/claims/claim.ts';
import { takeDevices } from '#core/pci/claims/take-devices.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { SpecBinding } from '#core/scheduling/request-spec.ts';
import { memberWords } from '#core/servers/member-words.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { bindNics } from '../boot/bind-ports.ts';
import { bindingNeeds } from '../ports/binding-needs.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { deviceChange } from '../hosts/device-change.ts';
import type { DevicePorts } from '../ports/device-ports.ts';
import { guestOf } from '../boot/guest-of.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryStep } from '../engine/retry-later.ts';
import { hostOf, serverOf } from '../engine/server-of.ts';
import { guestNicOf, type NicData, nicData, nicOf, takeOffSteps } from './take-off-nic.ts';
import {
  type PlugData,
  plugEvent,
  plugStart,
  plugStep,
  plugWait,
  waitForPlug,
} from '../ports/wait-for-plug.ts';
import type { StepOutcome, StepStart, Workflow } from '../engine/workflow.ts';

export interface AttachData extends NicData, PlugData {
  nic: NetworkRequest;
  pciRequest: PciRequest | null;
  devicePorts?: DevicePorts;
}

/**
 * Its steps. A NIC that names a network has its port, and no device to claim: it continues with
 * `bind`.
 */
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
  const data = task.data as AttachData;
  const { pciRequest } = data;
  refuseUnbindable(server, read);
  const host = pciRequest === null ? undefined : await claimChange(context, server, pciRequest);
  return {
    ...(host !== undefined && { host }),
    ...(pciRequest !== null && { newPciRequests: [pciRequest] }),
    nics: [newNic(server, data)],
    events: [finishedEvent(context, 'claim', startedAt)],
    next: { step: 'bind', data: task.data, dueAt: context.clock.now() },
  };
}

function readBinding(context: WorkflowContext, task: Task): Promise<SpecBinding | null> {
  const { nic, devicePorts } = task.data as AttachData;
  return bindingNeeds(context, [nic], devicePorts);
}

/** Its row, after those that the server has. */
export function newNic(server: Server, { nic, nicId }: AttachData): ServerNic {
  const position = Math.max(-1, ...server.nics.map((each) => each.position)) + 1;
  return { ...nic, id: nicId, position, ownsPort: false, vif: null };
}

/** Throws `invalid` when nobody could bind the port on the server's host. */
export function refuseUnbindable(
  { id, hostName }: Server,
  binding: SpecBinding | null,
  { hidesHost }: { hidesHost: boolean } = { hidesHost: false },
): void {
  const host = hostName ?? '';
  const [reason] =
    binding?.needs.flatMap((need) => bindingRefusal(need, host, binding.agents) ?? []) ?? [];
  if (reason === undefined) return;
  const message = `Failed to bind a port for instance ${id} on host ${host}: ${reason.message}`;
  throw new ComputeError('invalid', hidesHost ? memberWords(message) : message, {
    detail: reason.code,
  });
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
  const taking = takeDevices(
    {
      devices,
      requests: [request],
      numaCells: cells.map(({ node }) => node),
      hostNuma: host.numa.nodes,
      preference: context.settings.cardPreference,
    },
    server.id,
  );
  const problems = blockingProblems(host.problems, [request]);
  if (!taking.ok || problems.length > 0) {
    const reasons = taking.ok ? problems : taking.reasons;
    const why = reasons.map(({ message }) => message).join('; ');
    throw new ComputeError(
      'invalid',
      `Failed to claim PCI devices for instance ${server.id} on host ${host.name}: ${why}`,
      { detail: 'pci_claim_failed' },
    );
  }
  return deviceChange(host, devices, taking.changed);
}

async function bind(context: WorkflowContext, task: Task): Promise<StepOutcome> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const host = await hostOf(context, server);
  const nic = nicOf(server, task);
  invariant(host && nic, `server ${server.id}: its host or its new NIC is gone`);
  const { devicePorts } = task.data as AttachData;
  const [done] = await bindNics(context, task, { server, host, nics: [nic], devicePorts });
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

/** Whoever attaches learns it from this event. */
function endOfAttach(context: WorkflowContext, task: Task, host: string): StepOutcome {
  const startedAt = nicData(task).startedAt ?? context.clock.now();
  return { events: [finishedEvent(context, 'attach', startedAt, { host })], next: null };
}

const forward = ['claim', 'bind', 'attached', plugStep];

/**
 * A forward step that fails starts the undo; an undo step is tried again, for what it frees must
 * not leak.
 */
async function failed(
  context: WorkflowContext,
  task: Task,
  error: ComputeError,
): Promise<StepOutcome> {
  const now = context.clock.now();
  if (!forward.includes(task.step)) {
    return { next: retryStep(task, now) };
  }
  const name = task.step === plugStep ? plugEvent : task.step;
  const { message } = error;
  if (task.step !== 'claim') {
    return undo(context, task, { name, message, startedAt: plugStart(task, now) });
  }
  const event = finishedEvent(context, name, now, { error: message });
  return { events: [event], actionMessage: message, next: null };
}

/** Records why what began at `startedAt` failed, as the event `name`, and begins the way back. */
export function undo(
  context: WorkflowContext,
  task: Task,
  { name, message, startedAt }: { name: string; message: string; startedAt: number },
): StepOutcome {
  const data = { ...task.data, failure: { message } };
  return {
    events: [finishedEvent(context, name, startedAt, { error: message })],
    next: { step: 'take-off', data, dueAt: context.clock.now() },
  };
}

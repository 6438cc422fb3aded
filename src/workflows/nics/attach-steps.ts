/** The steps of an attach: claim, bind and command the host, and handling its answer. */
import type { HostChange, Task } from '#contracts/store/store.ts';
import type { AttachData } from '#contracts/store/task-data.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { bindingRefusal } from '#core/networking/binding/binding-need.ts';
import { blockingProblems } from '#core/hosts/host-problem.ts';
import { awaitsWiring } from '#core/networking/plug.ts';
import { allocateServer, bookDevices } from '#core/ledger/host-ledger.ts';
import { takeDevices } from '#core/pci/claims/take-devices.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { SpecBinding } from '#core/scheduling/request-spec.ts';
import { memberText } from '#core/servers/member-text.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { bindNics } from '../ports/bind-nics.ts';
import { bindingNeeds } from '../ports/binding-needs.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { succeeded } from '../engine/endings.ts';
import { hostChange } from '../hosts/host-change.ts';
import { guestOf } from '../placement/guest-of.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { hostOf, newestCommand, serverOf } from '../engine/server-of.ts';
import { guestNicOf, nicOf } from './detach-steps.ts';
import { plugWait } from '../ports/wait-for-plug.ts';
import type { StepOutcome, StepStart } from '../engine/workflow.ts';

/** Claims the device and writes NIC and request: from here on an undo can find what to release. */
export async function claim(
  context: WorkflowContext,
  task: Task<'attach'>,
  { read }: StepStart<SpecBinding | null>,
): Promise<StepOutcome<'attach'>> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const data = task.data;
  const { pciRequest } = data;
  refuseUnbindable(server, read);
  const host = pciRequest === null ? undefined : await claimChange(context, server, pciRequest);
  return {
    ...(host !== undefined && { host }),
    ...(pciRequest !== null && { newPciRequests: [pciRequest] }),
    nics: [newNic(server, data)],
    events: [finishedEvent(context, 'claim', startedAt)],
    next: { step: 'bind-ports', data: task.data, dueAt: context.clock.now() },
  };
}

/** Which agents could bind the port on which hosts. */
export function readBinding(
  context: WorkflowContext,
  task: Task<'attach'>,
): Promise<SpecBinding | null> {
  const { nic, devicePorts } = task.data;
  return bindingNeeds(context, [nic], devicePorts);
}

/** Its row, after the server's existing ones. */
export function newNic(server: Server, { nic, nicId }: AttachData): ServerNic {
  const position = Math.max(-1, ...server.nics.map((each) => each.position)) + 1;
  return { ...nic, id: nicId, position, ownsPort: false, vif: null };
}

/** Throws `invalid` when no agent could bind the port on the server's host. */
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
  throw new ComputeError('invalid', hidesHost ? memberText(message) : message, {
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
  const devices = await context.fleet.devices(context.store.hosts, host);
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
  return hostChange(host, bookDevices(host, devices, taking.changed));
}

/** Binds the port, and commands the host to attach. */
export async function bindNic(
  context: WorkflowContext,
  task: Task<'attach'>,
): Promise<StepOutcome<'attach'>> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const host = await hostOf(context, server);
  const nic = nicOf(server, task);
  invariant(host && nic, `server ${server.id}: its host or its new NIC is gone`);
  const { devicePorts } = task.data;
  const [done] = await bindNics(context, task, { server, host, nics: [nic], devicePorts });
  invariant(done, 'bindNics returned no NIC');
  const { nic: bound, port } = done;
  const nics = [...server.nics.filter(({ id }) => id !== nic.id), bound];
  const after = { ...server, nics };
  const guest = await guestOf(context, after);
  const body = { do: 'attach', guest, nic: guestNicOf(after, bound) } as const;
  // A guest that is off has no NIC yet that could be wired.
  const unwired = server.vmState !== 'stopped' && awaitsWiring(port) ? [port.id] : [];
  return {
    nics: [bound],
    command: { hostId: host.id, serverId: server.id, body },
    events: [finishedEvent(context, 'bind_port', startedAt, { host: host.name })],
    next: { step: 'nic-attached', data: { ...task.data, startedAt, unwired }, dueAt: null },
  };
}

/**
 * The host answered the attach. Throws the host's error text when the guest did not get the NIC.
 */
export async function nicAttached(
  context: WorkflowContext,
  task: Task<'attach'>,
): Promise<StepOutcome<'attach'>> {
  const command = await newestCommand(context, task, 'attach');
  invariant(command?.result, `server ${task.serverId}: its host has not answered the attach`);
  const { result } = command;
  if (!result.ok) throw new ComputeError('unavailable', result.message, { detail: result.detail });
  const server = await serverOf(context, task);
  const host = await hostOf(context, server);
  invariant(host, `server ${server.id} is on no host`);
  const devices = await context.fleet.devices(context.store.hosts, host);
  const entry = allocateServer(host, devices, server.id);
  return {
    ...(plugWait(context, task) ?? endOfAttach(context, task, host.name)),
    ...(entry.devices !== undefined && { host: hostChange(host, entry) }),
  };
}

/** The end of an attach. */
export function endOfAttach(
  context: WorkflowContext,
  task: Task<'attach'>,
  host: string,
): StepOutcome<'attach'> {
  const { startedAt = context.clock.now() } = task.data;
  const events = [finishedEvent(context, 'attach', startedAt, { host })];
  return { events, outcome: succeeded, next: null };
}

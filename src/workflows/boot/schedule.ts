/**
 * Step: chooses a host, claims the exact devices and resources there, and records why. Choice and
 * claim are one commit.
 */
import type { Task } from '#contracts/store/store.ts';
import { diskOf } from '#core/ledger/host-ledger.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { requirementsOf } from '#core/scheduling/filters/aggregate-specs.ts';
import { hostAlive } from '#core/scheduling/filters/host-alive.ts';
import type { Decision } from '#core/scheduling/decision.ts';
import { noValidHostMessage } from '#core/scheduling/no-valid-host.ts';
import type { RequestSpec, SpecBinding } from '#core/scheduling/request-spec.ts';
import type { Server } from '#core/servers/server.ts';
import { bindingNeeds } from '../ports/binding-needs.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { failedBy } from '../engine/endings.ts';
import type { FleetView } from '../hosts/fleet-view.ts';
import { type Placed, placeServer } from '../placement/place-server.ts';
import { placementRequest, type PlacementRequest } from '../placement/placement-request.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { runningServer, serverOf } from '../engine/server-of.ts';
import type { StepOutcome, StepStart } from '../engine/workflow.ts';

/** Which agents could bind the server's ports on which hosts. */
export async function readBinding(
  context: WorkflowContext,
  task: Task<'boot'>,
): Promise<SpecBinding | null> {
  const server = await runningServer(context, task);
  return bindingNeeds(context, server?.nics ?? [], task.data.devicePorts);
}

/**
 * Chooses and claims for the task's server. With no host left the server goes to ERROR with every
 * host's reason.
 */
export async function schedule(
  context: WorkflowContext,
  task: Task<'boot'>,
  { read: binding }: StepStart<SpecBinding | null>,
): Promise<StepOutcome<'boot'>> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const requests = await requestsOf(context, server.id);
  const { spec: placement, serverGroup } = await placementRequest(context, server.id, task.data);
  const spec = { ...requestSpec(server, requests, task), ...placement, binding };
  const placed = await placeServer(context, {
    booked: server,
    requests,
    numa: task.data.numa,
    spec,
    attempt: task.data.attempt,
  });
  if (placed.host !== undefined)
    return chosen(context, task, { ...placed, serverGroup, startedAt });
  const { view, decision } = placed;
  return (
    waitForSilentHosts(context, task, { view, decision }) ??
    noHost(context, task, { server, decision, startedAt })
  );
}

async function requestsOf(
  { store, run }: WorkflowContext,
  serverId: string,
): Promise<PciRequest[]> {
  const known = run?.known.pciRequests;
  return known === undefined ? store.servers.pciRequests(serverId) : [...known];
}

function requestSpec(server: Server, pciRequests: PciRequest[], task: Task<'boot'>): RequestSpec {
  const { availabilityZone, forcedHost, failedHosts, numa } = task.data;
  return {
    serverId: server.id,
    projectId: server.projectId,
    vcpus: numa?.isPinned === true ? 0 : server.flavor.vcpus,
    memoryMib: server.flavor.memoryMib,
    diskGib: diskOf(server.flavor),
    pciRequests,
    numa,
    availabilityZone,
    aggregateSpecs: requirementsOf(server.flavor.extraSpecs),
    forcedHost,
    failedHosts,
  };
}

function chosen(
  context: WorkflowContext,
  task: Task<'boot'>,
  claim: Placed & { serverGroup: PlacementRequest['serverGroup']; startedAt: number },
): StepOutcome<'boot'> {
  const { host, change, serverGroup, decision, startedAt } = claim;
  return {
    host: change,
    ...(serverGroup !== undefined && { serverGroup }),
    decision,
    server: {
      hostId: host.id,
      hostName: host.name,
      availabilityZone: host.availabilityZone,
      // Also while its ports are bound: that needs no write of its own then.
      taskState: 'spawning',
    },
    events: [finishedEvent(context, 'schedule', startedAt, { host: host.name })],
    next: {
      step: 'bind-ports',
      data: { ...task.data, claimedAt: change.generation + 1 },
      dueAt: context.clock.now(),
    },
  };
}

/** As long as the time between two heartbeats. */
const silentPauseMs = 10_000;

/**
 * Once, when hosts are excluded only because they are silent: after a pause of the entire machine,
 * or a restart, their agents need a moment to link again. Undefined when waiting cannot help.
 */
function waitForSilentHosts(
  { clock, links, settings }: WorkflowContext,
  task: Task<'boot'>,
  { view, decision }: { view: FleetView; decision: Decision },
): StepOutcome<'boot'> | undefined {
  const mayReturn = decision.rejections.some(({ host, filter }) => {
    const row = filter === hostAlive.name ? view.row(host) : undefined;
    return row !== undefined && links.silentMs(row) <= settings.hostLostMs;
  });
  if (!mayReturn || task.data.hasWaited === true) return undefined;
  const data = { ...task.data, hasWaited: true };
  return { decision, next: { step: 'schedule', data, dueAt: clock.now() + silentPauseMs } };
}

/** The user's ports are on no host; those created for the server are deleted first. */
function noHost(
  context: WorkflowContext,
  task: Task<'boot'>,
  { server, decision, startedAt }: { server: Server; decision: Decision; startedAt: number },
): StepOutcome<'boot'> {
  const message = noValidHostMessage(decision.rejections);
  const events = [finishedEvent(context, 'schedule', startedAt, { error: message })];
  if (server.nics.some(({ ownsPort }) => ownsPort)) {
    const data = { ...task.data, failure: { message, detail: '', retry: false } };
    return { decision, events, next: { step: 'unbind-ports', data, dueAt: context.clock.now() } };
  }
  return {
    decision,
    events,
    freesPorts: true,
    server: {
      vmState: 'error',
      taskState: null,
      hostId: null,
      hostName: null,
      fault: { code: 500, message, details: '', created: context.clock.now() },
    },
    outcome: failedBy({ message }),
    next: null,
  };
}

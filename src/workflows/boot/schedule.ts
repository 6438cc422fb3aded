/**
 * Step: chooses a host, claims the exact devices and resources there, and records why. Choice and
 * claim are one commit.
 */
import type { Host, HostChange, Task } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import { claimServer, diskOf } from '#core/ledger/host-ledger.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { takeDevices } from '#core/pci/claims/take-devices.ts';
import { requirementsOf } from '#core/scheduling/filters/aggregate-specs.ts';
import { hostAlive } from '#core/scheduling/filters/host-alive.ts';
import { fitTogether } from '#core/scheduling/pci-fit.ts';
import type { Decision, Rejection } from '#core/scheduling/decision.ts';
import { noValidHostMessage } from '#core/scheduling/no-valid-host.ts';
import type { RequestSpec, SpecBinding } from '#core/scheduling/request-spec.ts';
import { selectBest, selectHosts } from '#core/scheduling/select-hosts.ts';
import type { GuestNuma } from '#core/servers/guest-numa.ts';
import type { Server } from '#core/servers/server.ts';
import { bindingNeeds } from '../ports/binding-needs.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { failedBy } from '../engine/endings.ts';
import { hostChange } from '../hosts/host-change.ts';
import type { FleetView } from '../hosts/fleet-view.ts';
import { placementRequest, type PlacementRequest } from './placement-request.ts';
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
  const requests = await context.store.servers.pciRequests(server.id);
  const { spec: placement, serverGroup } = await placementRequest(context, server.id, task.data);
  const spec = { ...requestSpec(server, requests, task), ...placement, binding };
  const view = await context.fleet.refresh(context.store.hosts, context.settings, context.links);
  const decision: Decision = {
    serverId: server.id,
    attempt: task.data.attempt,
    decidedAt: startedAt,
    chosen: null,
    ...chooseFrom(view, spec, context.settings),
    devices: [],
  };
  for (const candidate of decision.candidates) {
    const host = view.row(candidate.host);
    invariant(host, `the scheduler chose ${candidate.host}, which was not a candidate`);
    const claim = await tryClaim(context, host, { server, requests, numa: task.data.numa });
    if ('rejection' in claim) decision.rejections.push(claim.rejection);
    else return chosen(context, task, { ...claim, serverGroup, host, decision, startedAt });
  }
  const explained = withReasons(decision, view, spec);
  return (
    waitForSilentHosts(context, task, { view, decision: explained }) ??
    noHost(context, task, { server, decision: explained, startedAt })
  );
}

/**
 * Above this number, the reasons of hosts that were not chosen are too expensive; they are computed
 * when no host is left.
 */
const mostHostsExplained = 200;

function chooseFrom(
  { fleet }: FleetView,
  spec: RequestSpec,
  { weights }: Pick<WorkflowContext['settings'], 'weights'>,
): Pick<Decision, 'candidates' | 'rejections'> {
  if (fleet.size <= mostHostsExplained) return selectHosts(spec, fleet, { weights });
  return { candidates: selectBest(spec, fleet, { weights }), rejections: [] };
}

/** The decision with a reason for every host that lacks one. */
function withReasons(decision: Decision, { fleet }: FleetView, spec: RequestSpec): Decision {
  const explained = new Set(decision.rejections.map(({ host }) => host));
  const unexplained = fleet.hosts.filter(({ name }) => !explained.has(name));
  const { rejections } = selectHosts(spec, unexplained);
  return { ...decision, rejections: [...decision.rejections, ...rejections] };
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

interface Claiming {
  server: Server;
  requests: PciRequest[];
  numa: GuestNuma | null;
}

type ClaimTry = { change: HostChange; taken: PciDevice[] } | { rejection: Rejection };

/**
 * The changes of the claim, computed from the host row that the filters read: if the row has
 * changed since, the commit is refused and the choice is made again.
 */
async function tryClaim(
  context: WorkflowContext,
  host: Host,
  { server, requests, numa: guest }: Claiming,
): Promise<ClaimTry> {
  const devices =
    requests.length === 0 ? [] : await context.fleet.devices(context.store.hosts, host);
  const taking = fitTogether(
    { guest, host: host.numa, pools: host.pciStats, requests },
    ({ cells = [], host: hostNuma = [] }) => {
      const preference = context.settings.cardPreference;
      return takeDevices({ devices, requests, numaCells: cells, hostNuma, preference }, server.id);
    },
  );
  if (!taking.ok) {
    return { rejection: { host: host.name, filter: 'claim', reasons: taking.reasons } };
  }
  const { changed, shares } = taking;
  const change = hostChange(host, claimServer(host, devices, server, { changed, shares }));
  return { change, taken: changed.filter((device) => device.serverId === server.id) };
}

function chosen(
  context: WorkflowContext,
  task: Task<'boot'>,
  claim: {
    host: Host;
    change: HostChange;
    taken: PciDevice[];
    serverGroup: PlacementRequest['serverGroup'];
    decision: Decision;
    startedAt: number;
  },
): StepOutcome<'boot'> {
  const { host, change, taken, serverGroup, decision, startedAt } = claim;
  const devices = taken.map((device) => ({
    requestId: device.requestId ?? '',
    address: device.address,
    pool: device.parentAddress ?? device.address,
  }));
  return {
    host: change,
    ...(serverGroup !== undefined && { serverGroup }),
    decision: { ...decision, chosen: host.name, devices },
    server: {
      hostId: host.id,
      hostName: host.name,
      availabilityZone: host.availabilityZone,
      taskState: 'networking',
    },
    events: [finishedEvent(context, 'schedule', startedAt, { host: host.name })],
    next: { step: 'bind-ports', data: task.data, dueAt: context.clock.now() },
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

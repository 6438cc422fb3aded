/**
 * Step: chooses the new host of a server that moves, and claims devices and resources there; the
 * server keeps what it holds on its old one. Choice, claim and record are one commit.
 */
import type { Host, Move, NewMove, Task } from '#contracts/store/store.ts';
import type { MoveData } from '#contracts/store/task-data.ts';
import { diskOf } from '#core/ledger/host-ledger.ts';
import { requirementsOf } from '#core/scheduling/filters/aggregate-specs.ts';
import { noValidHostMessage } from '#core/scheduling/no-valid-host.ts';
import type { RequestSpec, SpecBinding } from '#core/scheduling/request-spec.ts';
import type { MoveType } from '#core/servers/move.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { runningServer, serverOf } from '../engine/server-of.ts';
import type { StepOutcome, StepStart } from '../engine/workflow.ts';
import { placementRequest, type PlacementRequest } from '../placement/placement-request.ts';
import {
  type NotPlaced,
  type Placed,
  type Placing as PlacedServer,
  placeServer,
} from '../placement/place-server.ts';
import { bindingNeeds } from '../ports/binding-needs.ts';
import { freshDevicePorts } from '../ports/device-ports.ts';
import { excludedHosts } from './begin/excluded-hosts.ts';
import { withoutNics } from './begin/lost-nics.ts';
import { bookedOn, hostOnSide, moveOf } from './sides.ts';

/** Which agents could bind the server's ports on which hosts; null where that is unknown. */
export async function readMoveBinding(
  context: WorkflowContext,
  task: Task<'move'>,
): Promise<SpecBinding | null> {
  try {
    const server = await runningServer(context, task);
    return server === undefined ? null : await moveBinding(context, server);
  } catch (error) {
    context.log.warn({ err: error, server: task.serverId }, 'cannot read a server');
    return null;
  }
}

/** The same of this server. */
export async function moveBinding(
  context: WorkflowContext,
  { id, nics }: Pick<Server, 'id' | 'nics'>,
): Promise<SpecBinding | null> {
  try {
    const ports = await freshDevicePorts(context, nics, undefined);
    return await bindingNeeds(context, nics, { ports, readAt: context.clock.now() });
  } catch (error) {
    context.log.warn({ err: error, server: id }, 'cannot read the ports of a server');
    return null;
  }
}

/**
 * With no host left the move ends, and the server stays where it is; its guest is started there
 * again if an earlier attempt has stopped it.
 */
export async function reserve(
  context: WorkflowContext,
  task: Task<'move'>,
  { read: binding }: StepStart<SpecBinding | null>,
): Promise<StepOutcome<'move'>> {
  const startedAt = context.clock.now();
  const found = await serverOf(context, task);
  const lost = found.nics.filter(({ id }) => task.data.lostNics?.includes(id) === true);
  const server = { ...found, nics: found.nics.filter((nic) => !lost.includes(nic)) };
  const move = await moveOf(context, task);
  const group = await otherMembers(context, server);
  const placed = await place(context, task, { server, move, group, binding });
  if (placed.host === undefined) return noHost(context, task, { server, move, placed, startedAt });
  const { host, change, decision } = placed;
  const { sharesFiles: _, ...moved } = move.context;
  const sharesFiles = haveSameFiles(await hostOnSide(context, move, 'before'), host);
  return {
    host: change,
    ...withoutNics(lost),
    ...(group.serverGroup !== undefined && { serverGroup: group.serverGroup }),
    decision,
    move: {
      id: move.id,
      status: 'migrating',
      target: { id: host.id, name: host.name },
      context: { ...moved, ...(sharesFiles && { sharesFiles }) },
    },
    events: [finishedEvent(context, 'schedule', startedAt, { host: host.name })],
    next: { step: 'bind-target', data: task.data, dueAt: context.clock.now() },
  };
}

/** Are the guests' files of both hosts on the same storage? */
function haveSameFiles(old: Host | undefined, { facts }: Host): boolean {
  const storage = old?.facts.sharedStorage;
  return storage !== undefined && storage === facts.sharedStorage;
}

/** What the move's data has of the choice. */
type Chosen = Pick<MoveData, 'forcedHost' | 'availabilityZone' | 'failedHosts'>;

interface Placing {
  server: Server;
  move: NewMove;
  group: PlacementRequest;
  binding: SpecBinding | null;
}

/** Other hosts first; a resize may stay on its host, where that is allowed. */
async function place(
  context: WorkflowContext,
  task: Task<'move'>,
  placing: Placing,
): Promise<Placed | NotPlaced> {
  const { move } = placing;
  const { source } = move;
  const whole = await placingOf(context, task.data, placing);
  const { spec, ...what } = whole;
  const elsewhere = await placeServer(context, whole);
  const mayStay =
    move.type === 'resize' && context.settings.resizesWithinHost && spec.forcedHost === null;
  if (elsewhere.host !== undefined || source === null || !mayStay) return elsewhere;
  const staying = { ...spec, forcedHost: source.name, failedHosts: [], needsTransfer: false };
  const here = await placeServer(context, { ...what, spec: staying });
  if (here.host !== undefined) return here;
  const others = elsewhere.decision.rejections.filter(({ host }) => host !== source.name);
  const own = here.decision.rejections.filter(({ host }) => host === source.name);
  return { ...here, decision: { ...here.decision, rejections: [...others, ...own] } };
}

/** What is placed by a move that begins with this choice of host and zone. */
export async function movePlacing(
  context: WorkflowContext,
  data: Chosen,
  { server, move, binding }: Omit<Placing, 'group'>,
): Promise<PlacedServer> {
  const group = await otherMembers(context, server);
  return placingOf(context, data, { server, move, group, binding });
}

async function placingOf(
  context: WorkflowContext,
  data: Chosen,
  placing: Placing,
): Promise<PlacedServer> {
  const { server, move } = placing;
  return {
    booked: bookedOn(move, 'after'),
    requests: move.context.requests.after,
    numa: move.context.numa,
    attempt: (await context.store.servers.decisions(server.id)).length + 1,
    moveId: move.id,
    spec: await requestSpec(context, data, placing),
  };
}

async function requestSpec(
  context: WorkflowContext,
  data: Chosen,
  { server, move, group, binding }: Placing,
): Promise<RequestSpec> {
  const { flavors, numa, requests } = move.context;
  const { after } = flavors;
  return {
    serverId: server.id,
    projectId: server.projectId,
    vcpus: numa?.isPinned === true ? 0 : after.vcpus,
    memoryMib: after.memoryMib,
    diskGib: diskOf(after),
    pciRequests: requests.after,
    numa,
    availabilityZone: data.availabilityZone,
    forcedHost: data.forcedHost,
    failedHosts: [...(data.failedHosts ?? []), ...(await excludedHosts(context, move))],
    needsTransfer: takesFiles(move.type),
    aggregateSpecs: requirementsOf(after.extraSpecs),
    ...group.spec,
    binding,
  };
}

/** Does the guest come with its disk? Otherwise that is made from the image. */
export function takesFiles(type: MoveType): boolean {
  return type !== 'evacuation' && type !== 'unshelve';
}

/** The server itself does not count as a member of its group on the host that it leaves. */
async function otherMembers(context: WorkflowContext, server: Server): Promise<PlacementRequest> {
  const request = await placementRequest(context, server.id, {});
  const { group } = request.spec;
  if (group == null || server.hostName === null) return request;
  const hosts = new Map(group.hosts);
  const others = (hosts.get(server.hostName) ?? 1) - 1;
  if (others > 0) hosts.set(server.hostName, others);
  else hosts.delete(server.hostName);
  return { ...request, spec: { ...request.spec, group: { ...group, hosts } } };
}

/** An evacuated server has no host that works: it is in ERROR then. Source: Nova. */
function noHost(
  context: WorkflowContext,
  { data }: Task<'move'>,
  {
    server,
    move,
    placed,
    startedAt,
  }: { server: Server; move: Move; placed: NotPlaced; startedAt: number },
): StepOutcome<'move'> {
  const message = noValidHostMessage(placed.decision.rejections);
  const now = context.clock.now();
  const events = [finishedEvent(context, 'schedule', startedAt, { error: message })];
  if (data.sourceMayBeOut === true) {
    const failure = { kind: 'unavailable' as const, message, detail: '' };
    return {
      decision: placed.decision,
      events,
      next: { step: 'restore-source', data: { ...data, failure }, dueAt: now },
    };
  }
  const fault = { code: 500, message, details: '', created: now };
  const isEvacuation = move.type === 'evacuation';
  return {
    decision: placed.decision,
    move: { id: move.id, status: 'error' },
    server: {
      vmState: isEvacuation ? 'error' : server.vmState,
      taskState: null,
      ...(isEvacuation && { fault }),
    },
    events,
    outcome: { is: 'refused', kind: 'unavailable', message },
    next: null,
  };
}

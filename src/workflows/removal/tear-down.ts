/**
 * Steps that take a server off its host, shared by delete and by a failed boot: guest, ports,
 * devices, in that order.
 */
import type { HostChange, StoredCommand, Task } from '#contracts/store/store.ts';
import { releaseServer } from '#core/ledger/host-ledger.ts';
import type { Port } from '#core/networking/port.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { settleAll } from '#runtime/settle-all.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { hostChange } from '../hosts/host-change.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryLater } from '../engine/retry-later.ts';
import { isBoundFor, releasePort, unbindPort } from '../ports/unbind-nics.ts';
import { hostOf, serverOf } from '../engine/server-of.ts';
import { type StepOutcome, assertCurrent } from '../engine/workflow.ts';

/** Workflows that remove a guest. */
export type RemovalKind = 'boot' | 'delete' | 'shelve';

/**
 * Commands the host to remove the guest and waits for its answer; continues at once when the host
 * never had it, or has undone the start.
 */
export async function removeGuest<Kind extends RemovalKind>(
  context: WorkflowContext,
  task: Task<Kind>,
): Promise<StepOutcome<Kind>> {
  const server = await serverOf(context, task);
  const now = context.clock.now();
  const data = { ...task.data, startedAt: now };
  if (server.hostId === null || !(await mayHaveGuest(context, server.id, server.hostId))) {
    return { next: { step: 'unbind-ports', data, dueAt: now } };
  }
  return {
    command: {
      hostId: server.hostId,
      serverId: server.id,
      body: { do: 'destroy', guestId: server.id },
    },
    next: { step: 'guest-removed', data, dueAt: null },
  };
}

/** Whether the host was commanded to start the guest, and has not undone that. */
async function mayHaveGuest(
  { store }: WorkflowContext,
  serverId: string,
  hostId: string,
): Promise<boolean> {
  const at = { hostId, serverId };
  const arrived = await store.commands.lastOn(at, 'spawn', 'prefetch', 'expect', 'move-in');
  const isUndone = arrived?.result?.ok === false && arrived.result.undone === true;
  if (arrived !== undefined && !isUndone) return true;
  // One that was not sent leaves the guest as it was.
  return (await store.commands.lastOn(at, 'respawn')) !== undefined;
}

/** The removal that the server's host was last commanded. */
export async function removalOf(
  context: WorkflowContext,
  task: Task<RemovalKind>,
): Promise<StoredCommand | undefined> {
  const { hostId } = await serverOf(context, task);
  if (hostId === null) return undefined;
  return context.store.commands.lastOn({ hostId, serverId: task.serverId }, 'destroy');
}

/**
 * The host answered. A guest it could not remove keeps its devices: the command is sent again until
 * the guest is gone.
 */
export async function guestRemoved<Kind extends RemovalKind>(
  context: WorkflowContext,
  task: Task<Kind>,
): Promise<StepOutcome<Kind>> {
  const command = await removalOf(context, task);
  const now = context.clock.now();
  const { startedAt = now } = task.data;
  if (command?.result?.ok === true) {
    return {
      events: [finishedEvent(context, 'destroy', startedAt)],
      next: { step: 'unbind-ports', data: task.data, dueAt: now },
    };
  }
  const error = command?.result?.message ?? 'the host has not answered';
  context.log.warn({ server: task.serverId, error }, 'guest not removed; will try again');
  return {
    events: [finishedEvent(context, 'destroy', startedAt, { error })],
    next: retryLater(task, now, 'remove-guest'),
  };
}

/**
 * Ports the user created are unbound and kept, without the profile keys that Novella set; ports
 * created for the server are deleted.
 */
export function unbindPorts<Kind extends RemovalKind>(
  context: WorkflowContext,
  task: Task<Kind>,
): Promise<StepOutcome<Kind>> {
  return releasePorts(context, task, { keepsMade: false });
}

/**
 * The same, but ports created for the server are kept, for another host: only a request can create
 * them, with its user's token.
 */
export function unbindAndKeepPorts<Kind extends RemovalKind>(
  context: WorkflowContext,
  task: Task<Kind>,
): Promise<StepOutcome<Kind>> {
  return releasePorts(context, task, { keepsMade: true });
}

async function releasePorts<Kind extends RemovalKind>(
  context: WorkflowContext,
  task: Task<Kind>,
  { keepsMade }: { keepsMade: boolean },
): Promise<StepOutcome<Kind>> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const portsOf = (nics: ServerNic[]) => nics.flatMap(({ portId }) => portId ?? []);
  const users = portsOf(server.nics.filter(({ ownsPort }) => !ownsPort));
  const stay = keepsMade ? portsOf(server.nics.filter(({ ownsPort }) => ownsPort)) : [];
  await assertCurrent(context, task);
  const ports = await context.network.listServerPorts(server.id);
  const unlisted = users.filter((id) => ports.every((port) => port.id !== id));
  const others = await context.network.listPorts(unlisted);
  const bound = [...ports, ...others].filter(
    (port) => users.includes(port.id) && isBoundFor(server, port),
  );
  const made = ports.filter((port) => !users.includes(port.id) && isMadeFor(server, port));
  await settleAll([...bound, ...made], async (port) => {
    await assertCurrent(context, task);
    if (stay.includes(port.id)) await unbindPort(context, port, { keepOwner: true });
    else if (made.includes(port)) await context.network.deletePort(port.id);
    else await releasePort(context, server, port);
  });
  return {
    nics: server.nics.map((nic) =>
      nic.ownsPort && !keepsMade ? { ...nic, portId: null, vif: null } : { ...nic, vif: null },
    ),
    events: [finishedEvent(context, 'unbind_ports', startedAt)],
    next: { step: 'release', data: task.data, dueAt: context.clock.now() },
  };
}

/**
 * Ports that a step created for this server, recorded or not. `device_id` alone proves nothing: any
 * user may write any server's id there, so only the server's own project and our own owner mark
 * count.
 */
export async function portsMadeFor(context: WorkflowContext, server: Server): Promise<Port[]> {
  const ports = await context.network.listServerPorts(server.id);
  return ports.filter((port) => isMadeFor(server, port));
}

/** Of a server that is deleted, or will never exist. */
export async function deletePortsMadeFor(context: WorkflowContext, server: Server): Promise<void> {
  const ports = await portsMadeFor(context, server);
  await settleAll(ports, ({ id }) => context.network.deletePort(id));
}

function isMadeFor(server: Server, { projectId, deviceOwner }: Port): boolean {
  return (
    projectId === server.projectId && (deviceOwner === '' || deviceOwner.startsWith('compute:'))
  );
}

/** The change that releases all that the server holds on its host; undefined when it is on none. */
export async function releaseChange(
  context: WorkflowContext,
  server: Server,
): Promise<HostChange | undefined> {
  const host = await hostOf(context, server);
  if (host === undefined) return undefined;
  const devices = await context.fleet.devices(context.store.hosts, host);
  return hostChange(host, releaseServer(host, devices, server));
}

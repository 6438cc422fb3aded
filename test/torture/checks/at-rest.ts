/**
 * What holds when all hosts are up and no work is left: rows, ports and the guests of the hosts
 * agree on every server. Each violation is one line.
 */
import { ownName } from '../load/own-name.ts';
import { isOpen } from '../state/holds.ts';
import { restingMoveViolations } from './moves.ts';
import type { GuestFile, NicRow, PortRow, ServerRow, Snapshot } from '../state/snapshot.ts';

/** Its port may still appear, created by a request that was interrupted: two minutes later. */
export const latePorts = 'delete-late-ports';

export function restViolations(snapshot: Snapshot): string[] {
  const rows = indexed(snapshot);
  return [
    ...[...rows.live.values()].flatMap((server) => serverViolations(rows, server)),
    ...deviceViolations(rows),
    ...snapshot.guests.flatMap((guest) => guestViolations(rows, guest)),
    ...snapshot.ports.flatMap((port) => portViolations(rows, port)),
    ...rows.nics.flatMap((nic) => nicViolations(rows, nic)),
    ...leftOvers(rows),
    ...restingMoveViolations(snapshot),
  ];
}

interface HeldRow {
  serverId: string;
  host: string;
  address: string;
  status: string;
  requestId: string | null;
}

interface Rows {
  snapshot: Snapshot;
  /** Servers that are not deleted, by id. */
  live: ReadonlyMap<string, ServerRow>;
  /** Of live servers. */
  nics: NicRow[];
  held: HeldRow[];
  ports: ReadonlyMap<string, PortRow>;
}

function indexed(snapshot: Snapshot): Rows {
  const { servers, hosts, devices, nics, ports } = snapshot;
  const held = hosts.flatMap(({ id, name }) =>
    (devices.get(id) ?? []).flatMap(({ serverId, address, status, requestId }) =>
      serverId === null ? [] : [{ serverId, host: name, address, status, requestId }],
    ),
  );
  return {
    snapshot,
    live: new Map(servers.filter((one) => !one.isDeleted).map((one) => [one.id, one])),
    nics: nics.filter(({ isLive }) => isLive),
    held,
    ports: new Map(ports.map((port) => [port.id, port])),
  };
}

/** State of a server → state of its guest. Where it is in error, its guest may be in any. */
const guestStates: Record<string, string> = {
  active: 'running',
  stopped: 'shutOff',
  paused: 'paused',
  suspended: 'saved',
};

/** Every server has settled with its guest, or is in ERROR with a reason. */
function serverViolations({ snapshot }: Rows, server: ServerRow): string[] {
  const { id, vmState, taskState, fault, hostName } = server;
  const found = taskState === null ? [] : [`server ${id}: still ${taskState}`];
  if (vmState === 'error') {
    if (fault === null || fault === '') found.push(`server ${id}: in ERROR without a reason`);
    return found;
  }
  if (vmState === 'shelved_offloaded') {
    return hostName === null ? found : [...found, `server ${id}: offloaded, but on ${hostName}`];
  }
  const wanted = guestStates[vmState === 'resized' ? stateAfterMove(server) : vmState];
  if (wanted === undefined) return [...found, `server ${id}: rests in state ${vmState}`];
  const guest = snapshot.guests.find((one) => one.id === id && one.host === hostName);
  const is = guest?.state ?? 'absent';
  if (is !== wanted) found.push(`server ${id}: ${vmState}, but its guest on ${hostName} is ${is}`);
  return found;
}

/** A server that waits for its confirmation may be off. */
function stateAfterMove({ powerState }: ServerRow): string {
  return powerState === 1 ? 'active' : 'stopped';
}

/**
 * A held device is allocated, and in the guest of its server. For a move that waits for its
 * confirmation the old host holds devices too, without a guest.
 */
function deviceViolations({ snapshot, held, live }: Rows): string[] {
  const ofMoves = new Set(
    snapshot.moves
      .filter(isOpen)
      .flatMap(({ context }) => context.requests.before.map(({ requestId }) => requestId)),
  );
  const ofServers = held.filter(({ requestId }) => !ofMoves.has(requestId ?? ''));
  return ofServers.flatMap(({ serverId, host, address, status }) => {
    const device = `device ${address} of ${host}, held by server ${serverId}`;
    const guest = snapshot.guests.find((one) => one.id === serverId && one.host === host);
    if (guest?.defined.includes(address) !== true) return [`${device}: not in its guest`];
    const isInError = live.get(serverId)?.vmState === 'error';
    return status === 'allocated' || isInError ? [] : [`${device}: rests ${status}`];
  });
}

/** A guest is that of a server on its host, and has no device that the server does not hold. */
function guestViolations({ live, held }: Rows, { id, host, defined }: GuestFile): string[] {
  const guest = `guest ${id} on ${host}`;
  const server = live.get(id);
  if (server === undefined) return [`${guest}: its server is deleted or unknown`];
  if (server.hostName !== host) return [`${guest}: its server is on ${server.hostName}`];
  const mine = new Set(
    held.filter((one) => one.serverId === id && one.host === host).map((one) => one.address),
  );
  return defined
    .filter((address) => !mine.has(address))
    .map((address) => `${guest}: has device ${address}, which its server does not hold`);
}

/** A port is of a live server's NIC, or free and unbound. */
function portViolations({ snapshot, live, nics }: Rows, port: PortRow): string[] {
  const { id, name, deviceId, bindingHost, pciSlot } = port;
  const isFree = deviceId === '';
  if (isFree && (bindingHost !== '' || pciSlot !== null)) {
    return [`port ${id}: free, but bound to ${bindingHost || 'no host'}, slot ${pciSlot}`];
  }
  const isUsed = nics.some((nic) => nic.portId === id && live.has(nic.serverId));
  const isLate = snapshot.tasks.some(({ step }) => step === latePorts);
  if (isFree) {
    const isLeft = name !== ownName && !isUsed && !isLate;
    return isLeft ? [`port ${id}: created for a server, and left`] : [];
  }
  if (live.has(deviceId) || isLate) return [];
  return [`port ${id}: of server ${deviceId}, which is deleted or unknown`];
}

/** States in which no NIC is removed. */
const waiting = new Set(['suspended', 'resized', 'shelved_offloaded']);

/** A NIC has its port, bound to the host and device of its server. */
function nicViolations({ live, held, ports }: Rows, nic: NicRow): string[] {
  const { serverId, portId, pciRequestId } = nic;
  const server = live.get(serverId);
  if (server === undefined || portId === null) return [];
  const port = ports.get(portId);
  const name = `port ${portId} of server ${serverId}`;
  const isInError = server.vmState === 'error';
  // Its NIC is removed once that is possible.
  const mayLack = isInError || waiting.has(server.vmState);
  if (port === undefined) return mayLack ? [] : [`${name}: does not exist`];
  if (isInError && port.deviceId === '') return [];
  if (port.deviceId !== serverId) return [`${name}: belongs to server ${port.deviceId || 'none'}`];
  if (isInError) return [];
  const found: string[] = [];
  if (port.bindingHost !== (server.hostName ?? '')) {
    found.push(`${name}: bound to ${port.bindingHost}, its server is on ${server.hostName}`);
  }
  const device = held.find(
    (one) => one.serverId === serverId && one.requestId === pciRequestId && pciRequestId !== null,
  );
  const slot = device?.address ?? null;
  if (port.pciSlot !== slot) found.push(`${name}: bound to slot ${port.pciSlot}, holds ${slot}`);
  return found;
}

/** No task, lease or command is left, and every action of a live server has its outcome. */
function leftOvers({ snapshot, live }: Rows): string[] {
  const { tasks, commands, actions } = snapshot;
  return [
    ...tasks.flatMap(({ serverId, kind, step, leasedBy }) => {
      const task = `task ${kind} of server ${serverId}`;
      const isLeft = step !== null && step !== latePorts;
      return [
        ...(isLeft ? [`${task}: still at ${step}`] : []),
        ...(leasedBy === null ? [] : [`${task}: leased by ${leasedBy}`]),
      ];
    }),
    ...commands
      .filter(({ hasResult }) => !hasResult)
      .map(({ hostId, seq, kind }) => `command ${seq} (${kind}) of host ${hostId}: no result`),
    ...actions
      .filter(({ outcome, serverId }) => outcome === null && live.has(serverId))
      .map(({ action, serverId }) => `action ${action} of server ${serverId}: no outcome`),
  ];
}

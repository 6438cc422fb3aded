/** What holds of servers that move, and of what their moves have left. Each violation is one line. */
import { isOpen } from '../state/holds.ts';
import type { MoveRow, ServerRow, Snapshot } from '../state/snapshot.ts';

/**
 * At every moment: a server has one open move at most, which either has a task or waits for its
 * confirmation; and a server that is shelved has its image.
 */
export function moveViolations({ moves, servers, tasks, images }: Snapshot): string[] {
  const busy = new Set(tasks.filter(({ step }) => step !== null).map(({ serverId }) => serverId));
  const live = servers.filter(({ isDeleted }) => !isDeleted);
  const open = moves.filter(isOpen);
  return [
    ...open.flatMap((move) => {
      const { id, serverId, type, status } = move;
      const name = `move ${id} (${type}) of server ${serverId}`;
      const server = live.find((one) => one.id === serverId);
      const isFirst = open.find((one) => one.serverId === serverId) === move;
      return [
        ...(server === undefined ? [`${name}: open, its server is deleted or unknown`] : []),
        ...(isFirst ? [] : [`${name}: open beside another move`]),
        ...(busy.has(serverId) || status === 'finished' ? [] : [`${name}: ${status}, no task`]),
      ];
    }),
    ...live.flatMap(({ id, vmState, shelvedImageId }) => [
      ...(vmState === 'resized' && !busy.has(id) && !open.some(({ serverId }) => serverId === id)
        ? [`server ${id}: waits for a confirmation, but has no open move`]
        : []),
      ...(vmState === 'shelved_offloaded' && !images.includes(shelvedImageId ?? '')
        ? [`server ${id}: shelved, but its image ${shelvedImageId} is not there`]
        : []),
    ]),
  ];
}

/** At rest: what is open waits for its confirmation, and no host has anything else of a move. */
export function restingMoveViolations(snapshot: Snapshot): string[] {
  const { moves, servers, bindings, ports } = snapshot;
  const byId = new Map(servers.map((server) => [server.id, server]));
  const owners = new Map(ports.map(({ id, deviceId }) => [id, byId.get(deviceId)]));
  return [
    ...moves.flatMap((move) => {
      const name = `move ${move.id} (${move.type}) of server ${move.serverId}`;
      if (move.leftOn !== null) return [`${name}: something is left on host ${move.leftOn}`];
      const state = byId.get(move.serverId)?.vmState ?? 'unknown';
      const isWrong = isOpen(move) && state !== 'resized' && state !== 'error';
      return isWrong ? [`${name}: open, but its server is ${state}`] : [];
    }),
    ...bindings.flatMap(({ portId, host }) => {
      const server = owners.get(portId);
      const isMoves = server !== undefined && oldHostsOf(snapshot, server).includes(host);
      return isMoves ? [] : [`port ${portId}: bound a second time, on ${host}`];
    }),
  ];
}

/** Names of the hosts that a server has left, and returns to if its move is reverted. */
export function oldHostsOf({ moves, hosts }: Snapshot, { id }: ServerRow): string[] {
  const open = moves.filter((move: MoveRow) => move.serverId === id && isOpen(move));
  return hosts
    .filter((host) => open.some(({ sourceId }) => sourceId === host.id))
    .map(({ name }) => name);
}

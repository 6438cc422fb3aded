/** What Novella has accepted is still there. Each violation is one line. */
import type { Ledger } from '../load/ledger.ts';
import type { Snapshot } from '../state/snapshot.ts';

/** At every moment. */
export function keptViolations(snapshot: Snapshot, ledger: Ledger): string[] {
  const rows = new Map(snapshot.servers.map((server) => [server.id, server]));
  const isThere = (id: string): boolean => rows.get(id)?.isDeleted === false;
  const ports = new Set(snapshot.ports.map(({ id }) => id));
  const actions = new Set(snapshot.actions.map((one) => `${one.serverId} ${one.requestId}`));
  const nics = new Set(
    snapshot.nics.filter((nic) => nic.isLive).map((nic) => `${nic.serverId} ${nic.portId}`),
  );
  const kept = (id: string): boolean => ledger.servers.get(id)?.mayBeGone === false;
  return [
    ...[...ledger.servers.values()]
      .filter(({ id, mayBeGone }) => !mayBeGone && !isThere(id))
      .map(({ id }) => `lost: server ${id} was accepted`),
    ...[...ledger.ports.values()]
      .filter(({ id, mayBeGone }) => !mayBeGone && !ports.has(id))
      .map(({ id }) => `lost: port ${id} was created`),
    ...ledger.actions
      .filter(({ serverId, requestId }) => {
        // What ended with a deleted server may be removed.
        return kept(serverId) && !actions.has(`${serverId} ${requestId}`);
      })
      .map(({ serverId, requestId, action }) => {
        return `lost: ${action} of server ${serverId} was accepted as ${requestId}`;
      }),
    ...ledger.nics
      .filter(({ serverId, portId, mayBeGone }) => {
        return !mayBeGone && kept(serverId) && !nics.has(`${serverId} ${portId}`);
      })
      .map(({ serverId, portId }) => `lost: port ${portId} was attached to server ${serverId}`),
  ];
}

/**
 * When no work is left: accepted deletions are done. `reboots`: how often the guests of a host with
 * a journal were rebooted, by guest.
 */
export function doneViolations(
  snapshot: Snapshot,
  ledger: Ledger,
  reboots: ReadonlyMap<string, number>,
): string[] {
  const live = new Set(snapshot.servers.filter((one) => !one.isDeleted).map(({ id }) => id));
  return [
    ...[...ledger.servers.values()]
      .filter(({ id, isDeleted }) => isDeleted && live.has(id))
      .map(({ id }) => `server ${id}: its deletion was accepted, and it is there`),
    ...[...reboots].flatMap(([id, times]) => {
      const requested = ledger.servers.get(id)?.reboots ?? 0;
      return times > requested
        ? [`guest ${id}: rebooted ${times} times, requested ${requested} times`]
        : [];
    }),
  ];
}

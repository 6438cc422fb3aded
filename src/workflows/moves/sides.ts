/** The two sides of a move: where the server was before, and where it is after it. */
import type { Host, HostChange, Move, MoveContext, Sides, Task } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { needsMigratable } from '#core/pci/requests/migratable.ts';
import { type Booked, type Hold, releaseHold } from '#core/ledger/host-ledger.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { guestOn } from '../placement/guest-of.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { hostChange } from '../hosts/host-change.ts';

export type Side = keyof Sides<unknown>;

/** The record of a task's move. */
export async function moveOf(
  { store }: Pick<WorkflowContext, 'store'>,
  { data, serverId }: Pick<Task<'move'>, 'data' | 'serverId'>,
): Promise<Move> {
  const move = await store.moves.get(data.moveId);
  invariant(move, `the move ${data.moveId} of server ${serverId} has no record`);
  return move;
}

/** Does the server move within one host? */
export function isWithinHost({ source, target }: Pick<Move, 'source' | 'target'>): boolean {
  return source !== null && source.id === target?.id;
}

/** The field of a command for a guest whose files both hosts of the move have. */
export function keepsFiles({ context }: Pick<Move, 'context'>): { keepsFiles?: true } {
  return context.sharesFiles === true ? { keepsFiles: true } : {};
}

/** Has the server's row moved to the new host? */
export function hasLanded({ status }: Pick<Move, 'status'>): boolean {
  return ['post-migrating', 'finished', 'confirming', 'reverting'].includes(status);
}

/** undefined: it is on no host on that side. */
export async function hostOnSide(
  { fleet, store }: WorkflowContext,
  { source, target, serverId }: Move,
  side: Side,
): Promise<Host | undefined> {
  const named = side === 'before' ? source : target;
  if (named === null) return undefined;
  const host = await fleet.host(store.hosts, named.id);
  invariant(host, `server ${serverId} moves between hosts, of which ${named.name} does not exist`);
  return host;
}

/** What the server holds on that side. */
export function holdOn({ id, context }: Move, side: Side): Hold {
  return {
    requestIds: new Set(context.requests[side].map(({ requestId }) => requestId)),
    hasShare: ({ moveId }) => (moveId === id) === (side === 'after'),
  };
}

/** What is booked for the server on that side. */
export function bookedOn(
  { serverId, context }: Pick<Move, 'serverId' | 'context'>,
  side: Side,
): Booked {
  return { id: serverId, flavor: context.flavors[side] };
}

/** The change that releases all that the server holds on that side; undefined without a host. */
export async function releaseSide(
  context: WorkflowContext,
  move: Move,
  side: Side,
): Promise<HostChange | undefined> {
  const host = await hostOnSide(context, move, side);
  if (host === undefined) return undefined;
  const devices = await context.fleet.devices(context.store.hosts, host);
  const entry = releaseHold(host, devices, bookedOn(move, side), holdOn(move, side));
  return hostChange(host, entry);
}

/** The server's NICs on that side, as bound there. */
export function nicsOn(
  server: Server,
  { context }: Pick<Move, 'context'>,
  side: Side,
): ServerNic[] {
  return context.nics[side] ?? (side === 'before' ? server.nics : nicsAfter(server.nics, context));
}

/** The same NICs with the requests that the move has made in place of theirs. */
function nicsAfter(nics: readonly ServerNic[], { requests }: MoveContext): ServerNic[] {
  const ofPorts = (side: Side) => requests[side].filter(({ aliasName }) => aliasName === null);
  const [before, after] = [ofPorts('before'), ofPorts('after')];
  return nics.map((nic) => {
    const at = before.findIndex(({ requestId }) => requestId === nic.pciRequestId);
    return { ...nic, pciRequestId: after[at]?.requestId ?? null, vif: null };
  });
}

/** The server's guest on that side, from what is claimed and bound there. */
export async function guestOnSide(
  context: WorkflowContext,
  server: Server,
  move: Move,
  side: Side,
): Promise<Guest> {
  const host = await hostOnSide(context, move, side);
  invariant(host, `server ${server.id} has no guest on the side ${side} of its move`);
  const { flavors } = move.context;
  const imageId = server.shelvedImageId ?? server.imageId;
  const there = { ...server, imageId, flavor: flavors[side], nics: nicsOn(server, move, side) };
  const guest = await guestOn(context, there, host, { hold: holdOn(move, side) });
  return move.type === 'live-migration' ? withMigratable(guest, there.nics, move.context) : guest;
}

/** Both sides have the same NICs of this kind, whatever devices they got there. */
function withMigratable(
  guest: Guest,
  nics: readonly ServerNic[],
  { requests }: MoveContext,
): Guest {
  const [before, after] = [requests.before, requests.after].map((some) =>
    some.filter(({ aliasName }) => aliasName === null),
  );
  const ids = new Set(
    (after ?? []).flatMap((request, at) =>
      needsMigratable(request) ? [request.requestId, before?.[at]?.requestId] : [],
    ),
  );
  const portIds = new Set(
    nics.flatMap(({ portId, pciRequestId }) => (ids.has(pciRequestId ?? undefined) ? portId : [])),
  );
  return {
    ...guest,
    nics: guest.nics.map((nic) =>
      nic.kind === 'hostdev' && portIds.has(nic.portId) ? { ...nic, isMigratable: true } : nic,
    ),
  };
}

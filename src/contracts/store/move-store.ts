/** Moves of servers from host to host: rows of `migrations`. */
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import type { GuestNuma } from '#core/servers/guest-numa.ts';
import type { MoveStatus, MoveType } from '#core/servers/move.ts';
import type { ServerNic, VmState } from '#core/servers/server.ts';
import type { HostChange } from './host-store.ts';

/** A host as a move names it: it may be removed later. */
export interface MoveHost {
  id: string;
  name: string;
}

/** What a server has before the move, and after it. */
export interface Sides<T> {
  before: T;
  after: T;
}

/**
 * What the steps of a move change, and need to change it back. `nics`: as bound on each side; a
 * side is absent until its ports are known.
 */
export interface MoveContext {
  vmState: VmState;
  /** The guest is off after the move. */
  arrivesOff: boolean;
  flavors: Sides<Flavor>;
  requests: Sides<PciRequest[]>;
  /** The NUMA topology that is requested for the guest after the move. */
  numa: GuestNuma | null;
  nics: Partial<Sides<ServerNic[]>>;
  /** Both hosts have the guest's files: none is copied, and the one that it leaves removes none. */
  sharesFiles?: true;
}

/** Times are epoch milliseconds. */
export interface Move {
  id: string;
  /** Numbers moves in the order of their requests, from 1. */
  number: number;
  serverId: string;
  projectId: string;
  userId: string;
  type: MoveType;
  status: MoveStatus;
  /** null: the server was on no host. */
  source: MoveHost | null;
  /** null: none was chosen yet. */
  target: MoveHost | null;
  /**
   * The host that did not answer when the move ended: it may still have a guest, and holds what the
   * guest had until it has confirmed the removal. null: none.
   */
  leftOn: string | null;
  context: MoveContext;
  createdAt: number;
  updatedAt: number;
}

export type NewMove = Omit<Move, 'number' | 'updatedAt' | 'leftOn' | 'target' | 'status'>;

/** Fields to set. */
export type MoveChange = Pick<Move, 'id'> &
  Partial<Pick<Move, 'status' | 'target' | 'leftOn' | 'context'>>;

/** Newest first. `after`: the id of a move. Absent filters match all. */
export interface MoveSelection {
  serverId?: string;
  projectId?: string;
  userId?: string;
  types?: readonly MoveType[];
  statuses?: readonly MoveStatus[];
  /** Name of its source or target. */
  host?: string;
  sourceHost?: string;
  changedSince?: number;
  changedBefore?: number;
  after?: string;
  limit: number;
}

export interface MoveStore {
  /** undefined when unknown. */
  get(id: string): Promise<Move | undefined>;
  /** The move of the server that has not ended: at most one. */
  openOf(serverId: string): Promise<Move | undefined>;
  /** Throws `invalid` when the move to follow does not exist. */
  select(selection: MoveSelection): Promise<Move[]>;
  /** The moves that left something on a host. */
  left(): Promise<Move[]>;
  /** The host has confirmed that nothing is left there: writes both changes, or none. */
  settle(change: MoveChange, host: HostChange): Promise<'ok' | 'stale-host'>;
}

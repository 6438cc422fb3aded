/** What every operation of the network service works with, and the caller's rights. */
import type { Clock, NewId } from '#contracts/clock.ts';
import type { Acting } from '#contracts/services/network.ts';
import type { NetworkEvent } from '#contracts/services/network-events.ts';
import type { QuotaLimits } from '#core/quotas/limits.ts';
import type { NetworkStore, Stored } from '#contracts/store/network-store.ts';

/** A physical network and the VLAN ids that may be given out on it by the service itself. */
export interface PhysicalNetwork {
  name: string;
  /** Both ends belong to it; left out: an id must be specified. Example: `[100, 199]`. */
  vlanRange?: readonly [number, number];
}

/** What decides which ports can be bound on a host. */
export interface HostNetworks {
  physicalNetworks: ReadonlySet<string>;
  /**
   * The bridge of its switch that steers vDPA devices and offloaded VFs by flows; null: none.
   * Example: `br-int`.
   */
  offloadBridge: string | null;
}

/** undefined when the host is unknown. */
export type HostMappings = (host: string) => HostNetworks | undefined;

export interface NetworkContext {
  store: NetworkStore;
  clock: Clock;
  newId: NewId;
  /** Read at each use: hosts join later. */
  physicalNetworks: () => PhysicalNetwork[];
  hostMappings: HostMappings;
  /** How much a project may have. */
  limitsOf: (projectId: string) => QuotaLimits;
  /** Receives the port events of servers. Absent: no receiver. */
  portEvents?: (events: NetworkEvent[]) => Promise<void>;
}

/** `isPrivileged`: admin or service; sees all projects and the provider and binding keys. */
export interface Rights {
  projectId: string;
  isPrivileged: boolean;
  /** Is shown why a record cannot be read. */
  isAdmin?: boolean;
}

export function rightsOf(acting: Acting): Rights {
  if (acting === 'service') return { projectId: '', isPrivileged: true };
  const isPrivileged = acting.isAdmin || acting.roles.includes('service');
  return { projectId: acting.projectId, isPrivileged, isAdmin: acting.isAdmin };
}

/** May these rights see what belongs to this project? */
export function owns(rights: Rights, thing: { projectId: string }): boolean {
  return rights.isPrivileged || rights.projectId === thing.projectId;
}

/** The fields of a thing that is made now. */
export function newStored(
  { clock, newId }: NetworkContext,
  { projectId, name, description }: Pick<Stored, 'projectId' | 'name' | 'description'>,
): Stored {
  const now = clock.now();
  return { id: newId(), projectId, name, description, revision: 0, createdAt: now, updatedAt: now };
}

/** The same thing, changed now. */
export function changed<T extends Stored>(
  context: NetworkContext,
  thing: T,
  change: Partial<T>,
): T {
  return { ...thing, ...change, revision: thing.revision + 1, updatedAt: context.clock.now() };
}

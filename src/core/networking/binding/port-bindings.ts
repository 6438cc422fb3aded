/**
 * The bindings of a port on several hosts: while its server moves, the port waits where it will be.
 */
import type { BindingProfile, VifDetails } from '../port.ts';
import type { VnicType } from '../vnic-types.ts';

/**
 * One binding. A port has at most one on each host, and at most one of them is active: that which
 * the port itself shows.
 */
export interface PortBinding {
  host: string;
  isActive: boolean;
  vnicType: VnicType;
  profile: BindingProfile;
  vifType: string;
  vifDetails: VifDetails;
}

/** Where a port shall wait, and what it gets there. */
export type NewPortBinding = Pick<PortBinding, 'host' | 'vnicType' | 'profile'>;

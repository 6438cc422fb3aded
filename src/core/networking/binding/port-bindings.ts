/**
 * The bindings of a port on several hosts: while its server moves, the port has an inactive binding
 * on the target host.
 */
import type { BindingProfile, VifDetails } from '../port.ts';
import type { VnicType } from '../vnic-types.ts';

/**
 * One binding. A port has at most one on each host, and at most one of them is active: the one
 * shown in the port itself.
 */
export interface PortBinding {
  host: string;
  isActive: boolean;
  vnicType: VnicType;
  profile: BindingProfile;
  vifType: string;
  vifDetails: VifDetails;
}

/** The host for a port's additional binding, and what it gets there. */
export type NewPortBinding = Pick<PortBinding, 'host' | 'vnicType' | 'profile'>;

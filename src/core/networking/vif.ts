/** A NIC of a server once its port is bound: all that the host needs to plug it. */
import type { BindingProfile, FixedIp, VifDetails } from './port.ts';
import type { VnicType } from './vnic-type.ts';

/**
 * The bound port as read back from the network service. Source: the seed, "nova neutronv2 and VIF": profile, vif_details and
 * vnic_type are the three properties that SR-IOV adds.
 */
export interface Vif {
  portId: string;
  macAddress: string;
  vnicType: VnicType;
  vifType: string;
  details: VifDetails;
  profile: BindingProfile;
  network: { id: string; name: string; mtu: number; bridge: string | null };
  fixedIps: FixedIp[];
  /** Host-side name of a virtual NIC. Example: `tap6d0f5f54-9a`. */
  devName: string;
  /** Device role tag, else null. */
  tag: string | null;
}

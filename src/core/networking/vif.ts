/** A NIC of a server once its port is bound: all that the host needs to plug it. */
import type { BindingProfile, FixedIp, Subnet, VifDetails } from './port.ts';
import type { VnicType } from './vnic-types.ts';

/**
 * The bound port as read back from the network service. Source: the seed, "nova neutronv2 and VIF":
 * profile, vif_details and vnic_type are the three properties that SR-IOV adds.
 */
export interface Vif {
  portId: string;
  macAddress: string;
  vnicType: VnicType;
  vifType: string;
  details: VifDetails;
  profile: BindingProfile;
  /**
   * `bridge`: the switch on the host that a virtual NIC joins. `mtu` null: unknown. `subnets`:
   * those that the port has an address in; absent: unknown.
   */
  network: {
    id: string;
    name: string;
    mtu: number | null;
    bridge: string | null;
    subnets?: Subnet[];
  };
  fixedIps: FixedIp[];
  /** Host-side name of a virtual NIC. Example: `tap6d0f5f54-9a`. */
  devName: string;
  /** Device role tag, else null. */
  tag: string | null;
  /** Only of `802.1qbg`: the host interface and the parameters of the switch port. */
  qbg?: {
    interface: string;
    managerId: string;
    typeId: string;
    version: string;
    instanceId: string;
  };
}

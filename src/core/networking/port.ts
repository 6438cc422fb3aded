/**
 * A port and its network as the network service shows them, in Novella's terms. Independent of how
 * the service is called.
 */
import type { NumaPolicy } from '../pci/requests/request.ts';
import type { VnicType } from './vnic-types.ts';

export interface FixedIp {
  subnetId: string;
  ipAddress: string;
  /** Addresses elsewhere that routers translate to it; absent: none, or not read. */
  floatingIps?: readonly string[];
}

/** An address that is translated to one of a port's. */
export interface FloatingIp {
  portId: string;
  fixedIp: string;
  address: string;
}

/**
 * Free-form `binding:profile`; Novella owns the keys named in `port-binding.ts` and keeps all
 * others.
 */
export type BindingProfile = Record<string, unknown>;

/**
 * `binding:vif_details`. Example: `{ port_filter: false, connectivity: 'l2', vlan: '42' }` (vlan is
 * text).
 */
export type VifDetails = Record<string, unknown>;

/** A port. `bindingHost` '' and `vifType` 'unbound' while no host has it. */
export interface Port {
  id: string;
  name: string;
  networkId: string;
  projectId: string;
  macAddress: string;
  adminStateUp: boolean;
  status: string;
  deviceId: string;
  deviceOwner: string;
  fixedIps: FixedIp[];
  vnicType: VnicType;
  /** Neutron's `numa_affinity_policy`; absent or null: not specified. */
  numaPolicy?: NumaPolicy | null;
  /** Absent: not reported. */
  securityGroupIds?: readonly string[];
  /** false: no security group applies to it. */
  portSecurityEnabled?: boolean;
  bindingHost: string;
  profile: BindingProfile;
  vifType: string;
  vifDetails: VifDetails;
}

export interface NetworkSegment {
  networkType: string | null;
  physicalNetwork: string | null;
  segmentationId: number | null;
}

/** A network. `segments` has one entry for a provider network, more for a multi-segment one. */
export interface Network {
  id: string;
  name: string;
  projectId: string;
  mtu: number;
  segments: NetworkSegment[];
  subnets: Subnet[];
}

/** A network as shown to the requesting user: enough to decide whether a server may boot on it. */
export type UsableNetwork = Pick<Network, 'id' | 'name'> & { hasSubnet: boolean };

export interface Subnet {
  id: string;
  cidr: string;
  ipVersion: 4 | 6;
  gatewayIp: string | null;
  dnsNameservers: string[];
  hostRoutes: { destination: string; nexthop: string }[];
  enableDhcp: boolean;
}

/** Changes to a port; absent keys stay. `profile` replaces the whole profile. */
export interface PortChange {
  deviceId?: string;
  deviceOwner?: string;
  bindingHost?: string | null;
  profile?: BindingProfile;
  macAddress?: string;
  dnsName?: string;
  securityGroupIds?: string[];
  /** All of them; one without an address gets a free one of its subnet. */
  fixedIps?: { subnetId: string; ipAddress?: string }[];
}

/** Converts Neutron's ports, networks and subnets, and our changes to Neutron's. Pure. */
import type { NewPort } from '#contracts/services/network.ts';
import type {
  FloatingIp,
  Network,
  NetworkSegment,
  Port,
  PortChange,
  Subnet,
  UsableNetwork,
} from '#core/networking/port.ts';
import type { PortBinding } from '#core/networking/binding/port-bindings.ts';
import type { SecurityGroup } from '#core/networking/security-group.ts';
import type { VnicType } from '#core/networking/vnic-types.ts';
import type { NumaPolicy } from '#core/pci/requests/request.ts';

export interface NeutronPort {
  id: string;
  name: string | null;
  network_id: string;
  project_id?: string;
  tenant_id?: string;
  mac_address: string;
  admin_state_up: boolean;
  status: string;
  device_id: string | null;
  device_owner: string | null;
  fixed_ips: { subnet_id: string; ip_address: string }[];
  numa_affinity_policy?: NumaPolicy | null;
  security_groups?: string[];
  port_security_enabled?: boolean;
  'binding:vnic_type'?: string;
  'binding:host_id'?: string | null;
  'binding:profile'?: Record<string, unknown> | null;
  'binding:vif_type'?: string | null;
  'binding:vif_details'?: Record<string, unknown> | null;
}

export interface NeutronFloatingIp {
  floating_ip_address: string;
  /** null: it leads nowhere. */
  fixed_ip_address: string | null;
  port_id: string | null;
}

interface NeutronSegment {
  'provider:network_type'?: string | null;
  'provider:physical_network'?: string | null;
  'provider:segmentation_id'?: number | string | null;
}

export interface NeutronNetwork extends NeutronSegment {
  id: string;
  name: string | null;
  project_id?: string;
  tenant_id?: string;
  mtu?: number | null;
  subnets: string[];
  /** Of a network with several segments, instead of the provider keys. */
  segments?: NeutronSegment[];
}

export interface NeutronSubnet {
  id: string;
  network_id: string;
  cidr: string;
  ip_version: 4 | 6;
  gateway_ip: string | null;
  dns_nameservers: string[];
  host_routes: { destination: string; nexthop: string }[];
  enable_dhcp: boolean;
}

/** Of a network without its own MTU. Source: Neutron `global_physnet_mtu`. */
const usualMtu = 1500;

/** Whether the port is shown with the rights that binding needs. Members do not get the binding. */
export function showsBinding(port: NeutronPort): boolean {
  return 'binding:vif_type' in port;
}

/**
 * Whether segments are shown. Only admins get them; without them every network resembles a
 * tunnelled one.
 */
export function showsSegments(network: NeutronNetwork): boolean {
  return network.segments !== undefined || 'provider:network_type' in network;
}

/** Fields hidden from members are as of an unbound port. */
export function toPort(port: NeutronPort): Port {
  return {
    id: port.id,
    name: port.name ?? '',
    networkId: port.network_id,
    projectId: port.project_id ?? port.tenant_id ?? '',
    macAddress: port.mac_address,
    adminStateUp: port.admin_state_up,
    status: port.status,
    deviceId: port.device_id ?? '',
    deviceOwner: port.device_owner ?? '',
    fixedIps: port.fixed_ips.map(({ subnet_id: subnetId, ip_address: ipAddress }) => ({
      subnetId,
      ipAddress,
    })),
    // The rules refuse an unknown type by its own name.
    vnicType: (port['binding:vnic_type'] ?? 'normal') as VnicType,
    numaPolicy: port.numa_affinity_policy ?? null,
    securityGroupIds: port.security_groups ?? [],
    portSecurityEnabled: port.port_security_enabled ?? true,
    bindingHost: port['binding:host_id'] ?? '',
    profile: port['binding:profile'] ?? {},
    vifType: port['binding:vif_type'] ?? 'unbound',
    vifDetails: port['binding:vif_details'] ?? {},
  };
}

/** Of those that lead somewhere. */
export function toFloatingIps(floatingIps: readonly NeutronFloatingIp[]): FloatingIp[] {
  return floatingIps.flatMap(
    ({ port_id: portId, fixed_ip_address: fixedIp, floating_ip_address: address }) =>
      portId === null || fixedIp === null ? [] : [{ portId, fixedIp, address }],
  );
}

export function toNetwork(network: NeutronNetwork, subnets: NeutronSubnet[]): Network {
  return {
    id: network.id,
    name: network.name ?? '',
    projectId: network.project_id ?? network.tenant_id ?? '',
    mtu: network.mtu ?? usualMtu,
    segments: (network.segments ?? [network]).map(toSegment),
    // In the network's own order.
    subnets: network.subnets.flatMap((id) =>
      subnets.filter((subnet) => subnet.id === id).map(toSubnet),
    ),
  };
}

export function toUsable({ id, name, subnets }: NeutronNetwork): UsableNetwork {
  return { id, name: name ?? '', hasSubnet: subnets.length > 0 };
}

/** Numbers may be text. Example: vlan "100" → 100. */
function toSegment(segment: NeutronSegment): NetworkSegment {
  const id = segment['provider:segmentation_id'] ?? null;
  return {
    networkType: segment['provider:network_type'] ?? null,
    physicalNetwork: segment['provider:physical_network'] ?? null,
    segmentationId: id === null ? null : Number(id),
  };
}

function toSubnet(subnet: NeutronSubnet): Subnet {
  return {
    id: subnet.id,
    cidr: subnet.cidr,
    ipVersion: subnet.ip_version,
    gatewayIp: subnet.gateway_ip,
    dnsNameservers: subnet.dns_nameservers,
    hostRoutes: subnet.host_routes,
    enableDhcp: subnet.enable_dhcp,
  };
}

export interface NeutronBinding {
  host: string;
  status: string;
  vnic_type: string;
  profile: Record<string, unknown> | null;
  vif_type: string;
  vif_details: Record<string, unknown> | null;
}

export function toBinding(binding: NeutronBinding): PortBinding {
  return {
    host: binding.host,
    isActive: binding.status === 'ACTIVE',
    vnicType: binding.vnic_type as VnicType,
    profile: binding.profile ?? {},
    vifType: binding.vif_type,
    vifDetails: binding.vif_details ?? {},
  };
}

/** The body of a new port, as Nova sends it: owner and host are set by the binding. */
export function newPortBody(newPort: NewPort) {
  const { networkId, projectId, deviceId, fixedIp, securityGroupIds } = newPort;
  return {
    port: {
      device_id: deviceId,
      network_id: networkId,
      admin_state_up: true,
      tenant_id: projectId,
      ...(fixedIp !== null && { fixed_ips: [{ ip_address: fixedIp }] }),
      ...(securityGroupIds !== undefined && { security_groups: securityGroupIds }),
    },
  };
}

/**
 * The body of a change, as Nova sends it. `binding:profile` replaces the entire profile. `dnsName`
 * is left out: most Neutrons run without DNS integration, and refuse the key.
 */
export function portChangeBody(change: PortChange) {
  return {
    port: {
      ...(change.deviceId !== undefined && { device_id: change.deviceId }),
      ...(change.deviceOwner !== undefined && { device_owner: change.deviceOwner }),
      ...(change.bindingHost !== undefined && { 'binding:host_id': change.bindingHost }),
      ...(change.profile !== undefined && { 'binding:profile': change.profile }),
      ...(change.macAddress !== undefined && { mac_address: change.macAddress }),
      ...(change.securityGroupIds !== undefined && { security_groups: change.securityGroupIds }),
      ...(change.fixedIps !== undefined && { fixed_ips: change.fixedIps.map(fixedIpBody) }),
    },
  };
}

function fixedIpBody({ subnetId, ipAddress }: { subnetId: string; ipAddress?: string }) {
  return { subnet_id: subnetId, ...(ipAddress !== undefined && { ip_address: ipAddress }) };
}

export interface NeutronSecurityGroup {
  id: string;
  name: string | null;
  description?: string | null;
  project_id?: string;
  tenant_id?: string;
  security_group_rules?: NeutronSecurityGroupRule[];
}

interface NeutronSecurityGroupRule {
  id: string;
  direction: 'ingress' | 'egress';
  protocol: string | null;
  port_range_min: number | null;
  port_range_max: number | null;
  remote_ip_prefix: string | null;
  remote_group_id: string | null;
}

export function toSecurityGroup(group: NeutronSecurityGroup): SecurityGroup {
  return {
    id: group.id,
    name: group.name ?? '',
    description: group.description ?? '',
    projectId: group.project_id ?? group.tenant_id ?? '',
    rules: (group.security_group_rules ?? []).map((rule) => ({
      id: rule.id,
      direction: rule.direction,
      protocol: rule.protocol,
      portRangeMin: rule.port_range_min,
      portRangeMax: rule.port_range_max,
      remoteIpPrefix: rule.remote_ip_prefix,
      remoteGroupId: rule.remote_group_id,
    })),
  };
}

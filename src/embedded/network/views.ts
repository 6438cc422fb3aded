/**
 * What Neutron shows of networks, subnets, ports and security groups. Who may see a key is decided
 * here.
 */
import { viewTime } from '../view-time.ts';
import type {
  NetworkWithSubnets,
  Stored,
  StoredPort,
  StoredSecurityGroupRule,
  Tagged,
} from '#contracts/store/network-store.ts';
import type { PortBinding } from '#core/networking/binding/port-bindings.ts';
import type { Rights } from './requests/context.ts';
import type { GroupWithRules } from './security-groups/security-groups.ts';
import { normalizedCidr } from './security-groups/security-rule.ts';
import type { SubnetOfNetwork } from './networks/subnets.ts';

export type View = Record<string, unknown>;

function standardKeys(stored: Omit<Stored, 'name'> & Partial<Pick<Tagged, 'tags'>>): View {
  return {
    description: stored.description,
    tags: stored.tags ?? [],
    created_at: viewTime(stored.createdAt),
    updated_at: viewTime(stored.updatedAt),
    revision_number: stored.revision,
    project_id: stored.projectId,
    tenant_id: stored.projectId,
  };
}

/** Provider keys are for admins and services. */
export function viewNetwork({ network, subnets }: NetworkWithSubnets, rights: Rights): View {
  return {
    id: network.id,
    name: network.name,
    admin_state_up: network.adminStateUp,
    mtu: network.mtu,
    status: 'ACTIVE',
    subnets: subnets.map(({ id }) => id),
    shared: network.shared,
    port_security_enabled: network.portSecurityEnabled,
    'router:external': network.external,
    ...(rights.isPrivileged && {
      'provider:network_type': network.networkType,
      'provider:physical_network': network.physicalNetwork,
      'provider:segmentation_id': network.segmentationId,
    }),
    availability_zone_hints: [],
    availability_zones: [],
    ipv4_address_scope: null,
    ipv6_address_scope: null,
    ...standardKeys(network),
  };
}

export function viewSubnet({ subnet, isExternal }: SubnetOfNetwork): View {
  return {
    id: subnet.id,
    name: subnet.name,
    network_id: subnet.networkId,
    ip_version: subnet.ipVersion,
    subnetpool_id: null,
    enable_dhcp: subnet.enableDhcp,
    ipv6_ra_mode: null,
    ipv6_address_mode: null,
    gateway_ip: subnet.gatewayIp,
    cidr: subnet.cidr,
    allocation_pools: subnet.allocationPools,
    host_routes: subnet.hostRoutes,
    dns_nameservers: subnet.dnsNameservers,
    'router:external': isExternal,
    service_types: [],
    ...standardKeys(subnet),
  };
}

export function viewPortBinding(binding: PortBinding): View {
  return {
    host: binding.host,
    status: binding.isActive ? 'ACTIVE' : 'INACTIVE',
    vnic_type: binding.vnicType,
    vif_type: binding.vifType,
    vif_details: binding.vifDetails,
    profile: binding.profile,
  };
}

/** Where it is bound and how is for admins and services. */
export function viewPort(port: StoredPort, rights: Rights): View {
  return {
    id: port.id,
    name: port.name,
    network_id: port.networkId,
    mac_address: port.macAddress,
    admin_state_up: port.adminStateUp,
    status: port.status,
    device_id: port.deviceId,
    device_owner: port.deviceOwner,
    fixed_ips: port.fixedIps.map(({ subnetId, ipAddress }) => ({
      subnet_id: subnetId,
      ip_address: ipAddress,
    })),
    port_security_enabled: port.portSecurityEnabled,
    security_groups: port.securityGroupIds,
    'binding:vnic_type': port.vnicType,
    // Only where set: most Neutrons run without this extension, and clients of those know no such
    // key.
    ...(port.numaAffinityPolicy !== null && { numa_affinity_policy: port.numaAffinityPolicy }),
    ...(rights.isPrivileged && {
      'binding:profile': port.profile,
      'binding:host_id': port.bindingHost,
      'binding:vif_type': port.vifType,
      'binding:vif_details': port.vifDetails,
    }),
    allowed_address_pairs: [],
    extra_dhcp_opts: [],
    ...standardKeys(port),
  };
}

export function viewSecurityGroup({ group, rules }: GroupWithRules): View {
  return {
    id: group.id,
    name: group.name,
    stateful: true,
    shared: false,
    security_group_rules: rules.map(viewSecurityGroupRule),
    ...standardKeys(group),
  };
}

export function viewSecurityGroupRule(rule: StoredSecurityGroupRule): View {
  return {
    id: rule.id,
    security_group_id: rule.securityGroupId,
    direction: rule.direction,
    ethertype: rule.ethertype,
    protocol: rule.protocol,
    port_range_min: rule.portRangeMin,
    port_range_max: rule.portRangeMax,
    remote_ip_prefix: rule.remoteIpPrefix,
    normalized_cidr: normalizedCidr(rule.remoteIpPrefix),
    remote_group_id: rule.remoteGroupId,
    remote_address_group_id: null,
    belongs_to_default_sg: null,
    ...standardKeys(rule),
  };
}

/**
 * The filter and sort keys of each list. Source: Neutron's attribute maps, `is_filter` and
 * `is_sort_key`.
 */

/** One list. `key`: what its marker names. `kind`: how an unknown marker is reported. */
export interface Listing {
  filters: readonly string[];
  sortKeys: readonly string[];
  key: string;
  kind: string;
}

const owner = ['project_id', 'tenant_id'];
const standard = [
  'id',
  'name',
  'description',
  ...owner,
  'revision_number',
  'created_at',
  'updated_at',
];
/** The four filters by tags. */
export const tagFilters = ['tags', 'tags-any', 'not-tags', 'not-tags-any'] as const;
const tagged = [...standard, ...tagFilters];
const sorted = ['id', 'name', ...owner];

const networkSorts = ['admin_state_up', 'status', 'shared', 'mtu'];
const subnetSorts = [
  'network_id',
  'ip_version',
  'cidr',
  'gateway_ip',
  'enable_dhcp',
  'subnetpool_id',
  'ipv6_ra_mode',
  'ipv6_address_mode',
];
const portSorts = [
  'network_id',
  'mac_address',
  'admin_state_up',
  'status',
  'device_id',
  'device_owner',
];
const ruleSorts = [
  'security_group_id',
  'direction',
  'ethertype',
  'protocol',
  'port_range_min',
  'port_range_max',
  'remote_ip_prefix',
  'remote_group_id',
];
const agentKeys = ['id', 'agent_type', 'alive', 'binary', 'host', 'topic', 'admin_state_up'];

/** By the singular of what is listed. */
export const listings = {
  network: {
    kind: 'Network',
    key: 'id',
    sortKeys: [...sorted, ...networkSorts],
    filters: [
      ...tagged,
      ...networkSorts,
      'subnets',
      'router:external',
      'port_security_enabled',
      'provider:network_type',
      'provider:physical_network',
      'provider:segmentation_id',
    ],
  },
  subnet: {
    kind: 'Subnet',
    key: 'id',
    sortKeys: [...sorted, ...subnetSorts],
    filters: [...tagged, ...subnetSorts, 'dns_nameservers', 'router:external', 'service_types'],
  },
  port: {
    kind: 'Port',
    key: 'id',
    sortKeys: [...sorted, ...portSorts],
    filters: [
      ...tagged,
      ...portSorts,
      'fixed_ips',
      'security_groups',
      'port_security_enabled',
      'binding:vnic_type',
      'binding:host_id',
      'binding:vif_type',
    ],
  },
  security_group: {
    kind: 'SecurityGroup',
    key: 'id',
    sortKeys: sorted,
    filters: [...tagged, 'stateful', 'shared'],
  },
  security_group_rule: {
    kind: 'SecurityGroupRule',
    key: 'id',
    sortKeys: ['id', ...owner, ...ruleSorts],
    filters: [...standard.filter((key) => key !== 'name'), ...ruleSorts],
  },
  binding: {
    kind: 'PortBinding',
    key: 'host',
    sortKeys: ['host', 'vif_type', 'vnic_type', 'status'],
    filters: ['host', 'vif_type', 'vnic_type', 'status'],
  },
  agent: { kind: 'Agent', key: 'id', sortKeys: agentKeys, filters: agentKeys },
  subnetpool: { kind: 'SubnetPool', key: 'id', sortKeys: sorted, filters: tagged },
  availability_zone: {
    kind: 'AvailabilityZone',
    key: 'name',
    sortKeys: ['name', 'resource', 'state'],
    filters: ['name', 'resource', 'state'],
  },
} satisfies Record<string, Listing>;

export type Listed = keyof typeof listings;

/** By which keys each resource can be filtered: the keys that its view has for an admin. */

const standard = [
  'id',
  'name',
  'description',
  'project_id',
  'tenant_id',
  'tags',
  'revision_number',
  'created_at',
  'updated_at',
];

const own: Record<string, string[]> = {
  network: [
    'admin_state_up',
    'mtu',
    'status',
    'subnets',
    'shared',
    'router:external',
    'port_security_enabled',
    'provider:network_type',
    'provider:physical_network',
    'provider:segmentation_id',
  ],
  subnet: [
    'network_id',
    'ip_version',
    'cidr',
    'gateway_ip',
    'enable_dhcp',
    'dns_nameservers',
    'subnetpool_id',
    'ipv6_ra_mode',
    'ipv6_address_mode',
    'router:external',
    'service_types',
  ],
  port: [
    'network_id',
    'mac_address',
    'admin_state_up',
    'status',
    'device_id',
    'device_owner',
    'fixed_ips',
    'security_groups',
    'port_security_enabled',
    'binding:vnic_type',
    'binding:host_id',
    'binding:vif_type',
  ],
  security_group: ['stateful', 'shared'],
  security_group_rule: [
    'security_group_id',
    'direction',
    'ethertype',
    'protocol',
    'port_range_min',
    'port_range_max',
    'remote_ip_prefix',
    'remote_group_id',
  ],
};

/** Example: port → id, name, …, device_id, fixed_ips. */
export function filterKeys(singular: string): string[] {
  return [...standard, ...(own[singular] ?? [])];
}

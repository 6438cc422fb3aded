/** The extensions of Neutron that this service has, as clients look them up. */
import { notFound } from './errors.ts';

const names: [alias: string, name: string, description: string][] = [
  ['agent', 'agent', 'Lists agents; the embedded service needs none.'],
  ['availability_zone', 'Availability Zone', 'Lists the one availability zone.'],
  ['binding', 'Port Binding', 'Where a port is bound, and how.'],
  ['binding-extended', 'Port Bindings Extended', 'A port waits on more hosts than its own.'],
  [
    'empty-string-filtering',
    'Empty String Filtering Extension',
    'A filter may ask for the empty text.',
  ],
  ['external-net', 'Neutron external network', 'Marks networks as external.'],
  ['filter-validation', 'Filter parameters validation', 'Unknown filters are refused.'],
  ['ip-substring-filtering', 'IP address substring filtering', 'By a part of an address.'],
  ['net-mtu', 'Network MTU', 'Networks have an MTU.'],
  ['net-mtu-writable', 'Network MTU (writable)', 'The MTU of a network can be set.'],
  ['pagination', 'Pagination support', 'Lists can be read in pages.'],
  [
    'port-mac-override',
    'Neutron Port MAC address override',
    'A direct-physical port takes its device MAC.',
  ],
  ['port-numa-affinity-policy', 'Port NUMA affinity policy', 'How near a device must be.'],
  [
    'port-numa-affinity-policy-socket',
    'Port NUMA affinity policy "socket"',
    'The policy "socket".',
  ],
  ['port-security', 'Port Security', 'Port security can be switched off.'],
  ['project-id', 'project_id field enabled', 'Replies have project_id.'],
  ['provider', 'Provider Network', 'Networks name their physical network and segment.'],
  ['quotas', 'Quota management support', 'Shows the quotas of the configuration.'],
  ['quota_details', 'Quota details management support', 'Shows quotas in detail.'],
  ['security-group', 'security-group', 'Security groups are kept, not enforced.'],
  ['sorting', 'Sorting support', 'Lists can be sorted.'],
  ['standard-attr-description', 'standard-attr-description', 'Everything has a description.'],
  ['standard-attr-revisions', 'Resource revision numbers', 'Everything has a revision number.'],
  ['standard-attr-tag', 'Tag support', 'Networks, subnets, ports and security groups have tags.'],
  [
    'standard-attr-timestamp',
    'Resource timestamps',
    'Everything has times of creation and change.',
  ],
];

export const extensions = names.map(([alias, name, description]) => ({
  name,
  alias,
  description,
  updated: '2026-01-01T00:00:00-00:00',
  links: [],
}));

/** Throws ExtensionNotFound. */
export function showExtension(alias: string) {
  const extension = extensions.find((one) => one.alias === alias);
  if (extension === undefined) throw notFound('Extension', alias);
  return { extension };
}

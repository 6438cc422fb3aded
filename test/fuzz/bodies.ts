/**
 * Valid bodies, to be corrupted: made from a schema, or written here where a service keeps its
 * schemas private.
 */
import type { JsonSchema } from '#api/requests/json-schema.ts';

/** Texts that stand for ids of the cloud; the player puts real ones in. */
export const placeholders = {
  server: '<server>',
  flavor: '<flavor>',
  image: '<image>',
  network: '<network>',
  port: '<port>',
  group: '<group>',
} as const;

const known: Record<string, unknown> = {
  name: 'fuzz',
  flavorRef: placeholders.flavor,
  imageRef: placeholders.image,
  networks: 'none',
  min_count: 1,
  max_count: 1,
  uuid: placeholders.network,
  net_id: placeholders.network,
  port_id: placeholders.port,
  server_uuid: placeholders.server,
  group: placeholders.group,
  metadata: { key: 'value' },
  meta: { key: 'value' },
  extra_specs: { 'hw:key': 'value' },
  tags: ['tag'],
  ram: 64,
  vcpus: 1,
  disk: 1,
  length: 10,
  host: 'host-1',
  network_id: placeholders.network,
  networkId: placeholders.network,
  image_id: placeholders.image,
  image_properties: { hw_pci_numa_affinity_policy: 'preferred' },
  devices: [{ spec: [{ vendor_id: '8086', product_id: '10ca' }], count: 2 }],
  device_spec: [{ devname: 'enp1s0', physical_network: 'physnet1' }],
};
/** Would be refused together with the others. */
const leftOut = [
  'block_device_mapping',
  'block_device_mapping_v2',
  'hypervisor_hostname',
  'os:scheduler_hints',
  'OS-SCH-HNT:scheduler_hints',
  'availability_zone',
  'key_name',
  'personality',
  'trusted_image_certificates',
  'user_data',
  'port_id',
  'fixed_ips',
  'physical_network',
  'scheduler_hints',
  'id',
];

/** A value that the schema accepts. `name`: its key. */
export function bodyFor(schema: JsonSchema, name = ''): unknown {
  if (Object.hasOwn(known, name)) return known[name];
  const options = schema['anyOf'] as JsonSchema[] | undefined;
  if (options !== undefined) return bodyFor(options[0] as JsonSchema, name);
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  switch (schema['type']) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>)
          .filter(([key]) => !leftOut.includes(key) && !(key === 'host' && name === 'server'))
          .map(([key, inner]) => [key, bodyFor(inner, key)]),
      );
    case 'array':
      return schema['items'] === undefined ? [] : [bodyFor(schema['items'] as JsonSchema)];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return schema['maxLength'] === 45 ? '192.0.2.1' : 'text';
  }
}

const domain = { id: 'default' };

export function embeddedBody(
  service: string,
  { method, path }: { method: string; path: string },
  resource: string | undefined,
): unknown {
  if (method === 'GET' || method === 'DELETE') return undefined;
  if (service === 'identity' && path !== '/v3/auth/tokens') return identityBodies(path);
  if (service === 'identity') {
    const user = { name: 'demo', password: 'wrong', domain };
    const scope = { project: { name: 'demo', domain } };
    return { auth: { identity: { methods: ['password'], password: { user } }, scope } };
  }
  if (service === 'image') {
    if (path.endsWith('/file')) return 'bytes';
    if (path.endsWith('/members')) return { member: 'fuzz' };
    if (path.endsWith('/:member')) return { status: 'accepted' };
    if (method === 'PATCH') return [{ op: 'replace', path: '/name', value: 'fuzz' }];
    return { name: 'fuzz', disk_format: 'raw', container_format: 'bare', min_disk: 1, tags: ['t'] };
  }
  if (path.endsWith('/tags')) return { tags: ['fuzz'] };
  if (path.endsWith('/bindings')) return { binding: { host: 'host-1', vnic_type: 'direct' } };
  return resource === undefined ? {} : { [resource]: networkBodies[resource]?.[method] ?? {} };
}

/** Of the same name: the second creation is refused as a duplicate. */
function identityBodies(path: string): unknown {
  if (path.endsWith('/password')) return { user: { original_password: 'wrong', password: 'x' } };
  if (path.endsWith('/application_credentials')) {
    return { application_credential: { name: 'fuzz', unrestricted: false } };
  }
  const [, kind] = /^\/v3\/(project|user|role)s(\/:id)?$/.exec(path) ?? [];
  return kind === undefined ? undefined : { [kind]: { name: 'fuzz', description: 'of a fuzz' } };
}

const networkBodies: Record<string, Record<string, unknown>> = {
  network: { POST: { name: 'fuzz', admin_state_up: true }, PUT: { name: 'fuzz', mtu: 1500 } },
  subnet: {
    POST: { network_id: placeholders.network, ip_version: 4, cidr: '10.77.0.0/24' },
    PUT: { name: 'fuzz', dns_nameservers: ['192.0.2.1'] },
  },
  port: {
    POST: {
      network_id: placeholders.network,
      name: 'fuzz',
      'binding:vnic_type': 'direct',
      fixed_ips: [{}],
    },
    PUT: { name: 'fuzz', device_id: '', security_groups: [] },
  },
  security_group: { POST: { name: 'fuzz' }, PUT: { name: 'fuzz', description: 'of a fuzz' } },
  security_group_rule: {
    POST: { security_group_id: placeholders.group, direction: 'ingress', protocol: 'tcp' },
  },
};

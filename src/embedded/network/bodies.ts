/** Request bodies of the network service: their shapes and rules. */
import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { numaPolicies } from '#core/pci/request.ts';
import { vnicTypes } from '#core/networking/vnic-type.ts';
import { bodyReader } from '../request-body.ts';
import { withoutLackingKeys } from './lacking-keys.ts';

const name = Type.Optional(Type.String({ maxLength: 255 }));
const flag = Type.Optional(Type.Boolean());
const Text = Type.String({ maxLength: 255 });
const text = Type.Optional(Text);
const textOrNull = Type.Optional(Type.Union([Text, Type.Null()]));
const listOf = <Item extends TSchema>(item: Item, maxItems: number) =>
  Type.Optional(Type.Array(item, { maxItems }));
const owner = { project_id: text, tenant_id: text };

/** A reader of `{resource: {…}}`; keys of the resource that are not named are refused. */
function reader<Properties extends TProperties>(resource: string, properties: Properties) {
  const inner = Type.Object(properties, { additionalProperties: false });
  const read = bodyReader(Type.Object({ [resource]: inner }));
  return (body: unknown): Static<typeof inner> => {
    const checked = read(withoutLackingKeys(resource, body)) as Record<string, unknown>;
    return checked[resource] as Static<typeof inner>;
  };
}

const networkChange = {
  name,
  description: name,
  admin_state_up: flag,
  shared: flag,
  'router:external': flag,
  port_security_enabled: flag,
  /** The stock client sends text. */
  mtu: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
  'provider:network_type': text,
  'provider:physical_network': text,
  'provider:segmentation_id': Type.Optional(Type.Union([Type.Integer(), Type.String()])),
};
export const readNewNetwork = reader('network', { ...networkChange, ...owner });
export const readNetworkChange = reader('network', networkChange);

const subnetChange = {
  name,
  description: name,
  gateway_ip: textOrNull,
  enable_dhcp: flag,
  /** Source of both limits: Neutron's `max_dns_nameservers`, `max_subnet_host_routes`. */
  dns_nameservers: listOf(Text, 5),
  host_routes: listOf(Type.Object({ destination: Text, nexthop: Text }), 20),
};
export const readNewSubnet = reader('subnet', {
  ...subnetChange,
  ...owner,
  network_id: Type.String(),
  cidr: Type.String(),
  ip_version: Type.Optional(Type.Enum([4, 6])),
  allocation_pools: listOf(Type.Object({ start: Text, end: Text }), 64),
});
export const readSubnetChange = reader('subnet', subnetChange);

const portChange = {
  name,
  description: name,
  admin_state_up: flag,
  mac_address: text,
  fixed_ips: listOf(
    Type.Object({ subnet_id: text, ip_address: text }, { additionalProperties: false }),
    64,
  ),
  device_id: Type.Optional(Type.String({ maxLength: 255 })),
  device_owner: Type.Optional(Type.String({ maxLength: 255 })),
  security_groups: listOf(Text, 64),
  port_security_enabled: flag,
  'binding:vnic_type': Type.Optional(Type.Enum([...vnicTypes])),
  numa_affinity_policy: Type.Optional(Type.Union([Type.Enum([...numaPolicies]), Type.Null()])),
  'binding:host_id': textOrNull,
  'binding:profile': Type.Optional(
    Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  ),
};
export const readNewPort = reader('port', { ...portChange, ...owner, network_id: Type.String() });
export const readPortChange = reader('port', portChange);
export const readNewPortBinding = reader('binding', {
  host: Type.String({ minLength: 1 }),
  vnic_type: portChange['binding:vnic_type'],
  profile: portChange['binding:profile'],
  project_id: text,
});
export type RequestedPort = ReturnType<typeof readNewPort>;
export type RequestedPortChange = ReturnType<typeof readPortChange>;

export const readNewSecurityGroup = reader('security_group', {
  name: Type.String({ maxLength: 255 }),
  description: name,
  stateful: Type.Optional(Type.Literal(true)),
  ...owner,
});

const portNumber = Type.Optional(
  Type.Union([Type.Integer({ minimum: -1, maximum: 65_535 }), Type.Null()]),
);
export const readNewSecurityGroupRule = reader('security_group_rule', {
  security_group_id: Type.String(),
  direction: Type.Enum(['ingress', 'egress']),
  ethertype: Type.Optional(Type.Enum(['IPv4', 'IPv6'])),
  protocol: Type.Optional(
    Type.Union([
      Type.String({ pattern: '^[a-z0-9-]{1,20}$' }),
      Type.Integer({ minimum: 0, maximum: 255 }),
      Type.Null(),
    ]),
  ),
  port_range_min: portNumber,
  port_range_max: portNumber,
  remote_ip_prefix: textOrNull,
  remote_group_id: textOrNull,
  description: name,
  ...owner,
});

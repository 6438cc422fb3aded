/** Request bodies of the network service: their shapes and rules. */
import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox';
import { numaPolicies } from '#core/pci/requests/request.ts';
import { vnicTypes } from '#core/networking/vnic-types.ts';
import { type CheckedBody, checkedBody, fieldsOf } from '../../request-body.ts';
import { withSingleSegment } from './single-segment.ts';
import { withoutUnsupportedKeys } from './unsupported-keys.ts';
import { refuseUnknownKeys } from './unknown-keys.ts';

const name = Type.Optional(Type.String({ maxLength: 255 }));
const flag = Type.Optional(Type.Boolean());
const Text = Type.String({ maxLength: 255 });
const text = Type.Optional(Text);
const textOrNull = Type.Optional(Type.Union([Text, Type.Null()]));
const listOf = <Item extends TSchema>(item: Item, maxItems: number) =>
  Type.Optional(Type.Array(item, { maxItems }));
/** null is an empty list, as in Neutron. */
const listOrNull = <Item extends TSchema>(item: Item, maxItems: number) =>
  Type.Optional(Type.Union([Type.Array(item, { maxItems }), Type.Null()]));
const closed = { additionalProperties: false };
/** Source: Neutron's extension `standard-attr-tag`: at most 50, each of at most 255 characters. */
export const mostTags = 50;
export const Tag = Type.String({ minLength: 1, maxLength: 255 });
/** Of one port. Neutron's old limit `max_fixed_ips_per_port` was 5. */
const mostAddresses = 16;
const owner = { project_id: text, tenant_id: text };

/**
 * `{resource: {…}}`, read as what is below the key. Keys that the resource does not take are
 * refused; `created`: what a creation takes, where this is a change.
 */
function bodyOf<Properties extends TProperties>(
  resource: string,
  properties: Properties,
  created?: TProperties,
): CheckedBody<Static<TObject<Properties>>> {
  const inner = Type.Object(properties, closed);
  const { schema, read } = checkedBody(Type.Object({ [resource]: inner }, closed));
  const keys = {
    act: created === undefined ? ('create' as const) : ('update' as const),
    taken: Object.keys(properties),
    created: Object.keys(created ?? properties),
  };
  const readInner = (body: unknown) => {
    const kept = withoutUnsupportedKeys(resource, body);
    const requested = fieldsOf(fieldsOf(kept)?.[resource]);
    if (requested !== undefined) refuseUnknownKeys(requested, keys);
    return read(kept)[resource] as Static<typeof inner>;
  };
  return { schema, read: readInner };
}

/** What a body asks for. Example: `Requested<typeof newPortBody>`. */
export type Requested<Body extends CheckedBody<unknown>> = ReturnType<Body['read']>;

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
const newNetwork = { ...networkChange, ...owner };
const newNetworkInner = bodyOf('network', newNetwork);
export const newNetworkBody = {
  ...newNetworkInner,
  read: (body: unknown) => newNetworkInner.read(withSingleSegment(body)),
};
export const networkChangeBody = bodyOf('network', networkChange, newNetwork);
export type RequestedNetwork = Requested<typeof newNetworkBody>;
export type RequestedNetworkChange = Requested<typeof networkChangeBody>;

const subnetChange = {
  name,
  description: name,
  gateway_ip: textOrNull,
  enable_dhcp: flag,
  /** Source of both limits: Neutron's `max_dns_nameservers`, `max_subnet_host_routes`. */
  dns_nameservers: listOrNull(Text, 5),
  host_routes: listOrNull(Type.Object({ destination: Text, nexthop: Text }, closed), 20),
  allocation_pools: listOf(Type.Object({ start: Text, end: Text }, closed), 64),
};
const newSubnet = {
  ...subnetChange,
  ...owner,
  network_id: Type.String(),
  cidr: Type.String(),
  ip_version: Type.Optional(Type.Enum([4, 6])),
};
export const newSubnetBody = bodyOf('subnet', newSubnet);
export const subnetChangeBody = bodyOf('subnet', subnetChange, newSubnet);
export type RequestedSubnet = Requested<typeof newSubnetBody>;
export type RequestedSubnetChange = Requested<typeof subnetChangeBody>;

const portChange = {
  name,
  description: name,
  admin_state_up: flag,
  mac_address: text,
  fixed_ips: listOf(Type.Object({ subnet_id: text, ip_address: text }, closed), mostAddresses),
  device_id: Type.Optional(Type.String({ maxLength: 255 })),
  device_owner: Type.Optional(Type.String({ maxLength: 255 })),
  security_groups: listOrNull(Text, 64),
  port_security_enabled: flag,
  'binding:vnic_type': Type.Optional(Type.Enum([...vnicTypes])),
  numa_affinity_policy: Type.Optional(Type.Union([Type.Enum([...numaPolicies]), Type.Null()])),
  'binding:host_id': textOrNull,
  'binding:profile': Type.Optional(
    Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  ),
};
const newPort = {
  ...portChange,
  ...owner,
  network_id: Type.String(),
  tags: Type.Optional(Type.Array(Tag, { maxItems: mostTags, uniqueItems: true })),
};
export const newPortBody = bodyOf('port', newPort);
export const portChangeBody = bodyOf('port', portChange, newPort);
export const newPortBindingBody = bodyOf('binding', {
  host: Type.String({ minLength: 1 }),
  vnic_type: portChange['binding:vnic_type'],
  profile: portChange['binding:profile'],
});
export type RequestedPort = Requested<typeof newPortBody>;
export type RequestedPortChange = Requested<typeof portChangeBody>;
export type RequestedPortBinding = Requested<typeof newPortBindingBody>;

const securityGroupChange = {
  name,
  description: name,
  stateful: Type.Optional(Type.Literal(true)),
};
const newSecurityGroup = { ...securityGroupChange, ...owner };
export const newSecurityGroupBody = bodyOf('security_group', newSecurityGroup);
export const securityGroupChangeBody = bodyOf(
  'security_group',
  securityGroupChange,
  newSecurityGroup,
);
export type RequestedSecurityGroup = Requested<typeof newSecurityGroupBody>;
export type RequestedSecurityGroupChange = Requested<typeof securityGroupChangeBody>;

/** Numbers may come as text. What they may be depends on the protocol: `security-rule.ts`. */
const numberOrText = Type.Optional(Type.Union([Type.Integer(), Text, Type.Null()]));
export const newSecurityGroupRuleBody = bodyOf('security_group_rule', {
  security_group_id: Type.String(),
  direction: Type.Enum(['ingress', 'egress']),
  ethertype: text,
  protocol: numberOrText,
  port_range_min: numberOrText,
  port_range_max: numberOrText,
  remote_ip_prefix: textOrNull,
  remote_group_id: textOrNull,
  description: name,
  ...owner,
});
export type RequestedRule = Requested<typeof newSecurityGroupRuleBody>;

/** -1: no limit. */
const limit = Type.Optional(Type.Integer({ minimum: -1, maximum: 2 ** 31 - 1 }));
export const quotaBody = bodyOf('quota', {
  network: limit,
  subnet: limit,
  port: limit,
  security_group: limit,
  security_group_rule: limit,
  check_limit: Type.Optional(Type.Boolean()),
  force: Type.Optional(Type.Boolean()),
});

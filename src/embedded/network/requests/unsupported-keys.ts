/** Keys of requests that belong to parts of Neutron that are not here. */
import { ComputeError } from '#core/errors.ts';
import { fieldsOf } from '../../request-body.ts';

/** The keys that are refused unless their value is empty, and what they belong to. */
export const unsupportedKeys: Record<string, string> = {
  allowed_address_pairs: 'allowed address pairs',
  extra_dhcp_opts: 'extra DHCP options',
  qos_policy_id: 'QoS policies',
  segments: 'multi-segment networks',
  vlan_transparent: 'VLAN transparency',
  dns_domain: 'DNS integration',
  dns_name: 'DNS integration',
  is_default: 'auto-allocated topologies',
  availability_zone_hints: 'availability zone hints',
  subnetpool_id: 'subnet pools',
  use_default_subnetpool: 'subnet pools',
  prefixlen: 'subnet pools',
  segment_id: 'segments',
  service_types: 'subnet service types',
  ipv6_ra_mode: 'router advertisements',
  ipv6_address_mode: 'IPv6 addresses that guests choose themselves',
  device_profile: 'device profiles',
  propagate_uplink_status: 'uplink status propagation',
  hints: 'port hints',
  trusted: 'trusted ports',
  remote_address_group_id: 'address groups',
};

/**
 * The body without keys with empty values (null, '', false, [] or {}); throws `notImplemented` for
 * other values. Example: `{ port: { qos_policy_id: 'x' } }` → "port.qos_policy_id: QoS policies are
 * not offered …".
 */
export function withoutUnsupportedKeys(resource: string, body: unknown): unknown {
  const fields = fieldsOf(body);
  const requested = fieldsOf(fields?.[resource]);
  if (requested === undefined) return body;
  const kept = Object.entries(requested).filter(([key, value]) => {
    const what = Object.hasOwn(unsupportedKeys, key) ? unsupportedKeys[key] : undefined;
    if (what === undefined) return true;
    if (!isEmptyRequest(value)) {
      throw new ComputeError(
        'notImplemented',
        `${resource}.${key}: ${what}: not offered by the embedded network service; a real Neutron has it.`,
      );
    }
    return false;
  });
  return { ...fields, [resource]: Object.fromEntries(kept) };
}

function isEmptyRequest(value: unknown): boolean {
  if (value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/**
 * What a rule of a security group may specify, and how it is stored. Source: Neutron's
 * `securitygroups_db` and `extensions/securitygroup`.
 */
import type { StoredSecurityGroupRule } from '#contracts/store/network-store.ts';
import { parseAddress, parseCidr, printAddress, printCidr } from '../requests/address.ts';
import type { RequestedRule } from '../requests/bodies.ts';
import { NetworkError } from '../requests/errors.ts';
import { numberOfProtocol, protocolOf, takesPorts } from './ip-protocol.ts';

/** What a rule allows; null means any. */
export type RuleMatch = Pick<
  StoredSecurityGroupRule,
  | 'direction'
  | 'ethertype'
  | 'protocol'
  | 'portRangeMin'
  | 'portRangeMax'
  | 'remoteIpPrefix'
  | 'remoteGroupId'
>;

/**
 * Example: `{ direction: 'ingress', protocol: 'TCP', port_range_min: '22', port_range_max: 22,
 * remote_ip_prefix: '192.0.2.7' }` → tcp, 22 to 22, 192.0.2.7/32. All ports are no range; ICMP of
 * IPv6 is `ipv6-icmp`. Throws `invalid` with Neutron's type of error.
 */
export function ruleMatchOf(requested: RequestedRule): RuleMatch {
  const ethertype = ethertypeOf(requested.ethertype);
  const protocol = protocolOf(requested.protocol, ethertype);
  const ports = portsOf(requested, protocol);
  const remoteIpPrefix = prefixOf(requested.remote_ip_prefix ?? null, ethertype);
  const remoteGroupId =
    requested.remote_group_id === '' ? null : (requested.remote_group_id ?? null);
  if (remoteIpPrefix !== null && remoteGroupId !== null) {
    throw refused(
      'SecurityGroupMultipleRemoteEntites',
      'remote_group_id: only one of remote_ip_prefix and remote_group_id may be given',
    );
  }
  return {
    direction: requested.direction,
    ethertype,
    protocol,
    ...ports,
    remoteIpPrefix,
    remoteGroupId,
  };
}

/** Do both allow the same? All of IPv4 or IPv6 is no prefix. */
export function isSameRule(one: RuleMatch, other: RuleMatch): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf(rule: RuleMatch): string {
  const { remoteIpPrefix, protocol } = rule;
  const isEverywhere = remoteIpPrefix === '0.0.0.0/0' || remoteIpPrefix === '::/0';
  return JSON.stringify([
    rule.direction,
    rule.ethertype,
    protocol === null ? null : numberOfProtocol(protocol),
    rule.portRangeMin,
    rule.portRangeMax,
    isEverywhere ? null : remoteIpPrefix,
    rule.remoteGroupId,
  ]);
}

/** Without host bits. Example: 192.0.2.7/24 → 192.0.2.0/24. */
export function normalizedCidr(prefix: string | null): string | null {
  const cidr = prefix === null ? undefined : parseCidr(prefix);
  return cidr === undefined ? prefix : printCidr(cidr);
}

function ethertypeOf(given = 'IPv4'): 'IPv4' | 'IPv6' {
  const found = (['IPv4', 'IPv6'] as const).find(
    (known) => known.toLowerCase() === given.toLowerCase(),
  );
  if (found !== undefined) return found;
  throw refused(
    'SecurityGroupRuleInvalidEtherType',
    `ethertype: '${given}' is not supported: must be IPv4 or IPv6`,
  );
}

type Ports = Pick<RuleMatch, 'portRangeMin' | 'portRangeMax'>;

function portsOf(requested: RequestedRule, protocol: string | null): Ports {
  const low = portOf('port_range_min', requested.port_range_min);
  const high = portOf('port_range_max', requested.port_range_max);
  if (low === null && high === null) return { portRangeMin: null, portRangeMax: null };
  const all = low === 1 && high === 65_535;
  if (all) return { portRangeMin: null, portRangeMax: null };
  if (protocol === null) {
    throw refused(
      'SecurityGroupProtocolRequiredWithPorts',
      'protocol: must be given where port_range_min or port_range_max is',
    );
  }
  const number = numberOfProtocol(protocol);
  if (takesPorts(number)) checkRange(low, high);
  else if (number === 1 || number === 58) checkIcmp(low, high);
  else {
    throw refused(
      'SecurityGroupInvalidProtocolForPort',
      `port_range_min: protocol ${protocol} has no ports: only DCCP, SCTP, TCP, UDP and UDPLITE have`,
    );
  }
  return { portRangeMin: low, portRangeMax: high };
}

function portOf(key: string, given: string | number | null | undefined): number | null {
  if (given === null || given === undefined) return null;
  const port = Number(given);
  if (/^\d+$/.test(String(given)) && port <= 65_535) return port;
  throw refused(
    'SecurityGroupInvalidPortValue',
    `${key}: '${given}' is not a port: a number from 0 to 65535`,
  );
}

function checkRange(low: number | null, high: number | null): void {
  if (low === 0 || high === 0) {
    throw refused(
      'SecurityGroupInvalidPortValue',
      `${low === 0 ? 'port_range_min' : 'port_range_max'}: 0 is not a port of this protocol`,
    );
  }
  if (low !== null && high !== null && low <= high) return;
  const rule =
    low !== null && high !== null
      ? `${low} is above port_range_max ${high}`
      : `port_range_min ${low} and port_range_max ${high} must both be given`;
  throw refused('SecurityGroupInvalidPortRange', `port_range_min: ${rule}`);
}

/** The range is type and code of ICMP. */
function checkIcmp(type: number | null, code: number | null): void {
  for (const [key, value] of [
    ['port_range_min', type],
    ['port_range_max', code],
  ] as const) {
    if (value === null || value <= 255) continue;
    throw refused(
      'SecurityGroupInvalidIcmpValue',
      `${key}: ${value} is not an ICMP ${key === 'port_range_min' ? 'type' : 'code'}: 0 to 255`,
    );
  }
  if (type !== null) return;
  throw refused(
    'SecurityGroupMissingIcmpType',
    `port_range_max: the ICMP code ${code} needs an ICMP type in port_range_min`,
  );
}

function prefixOf(given: string | null, ethertype: 'IPv4' | 'IPv6'): string | null {
  if (given === null || given === '') return null;
  const [host = '', length] = given.split('/');
  const address = parseAddress(host);
  const cidr =
    address &&
    parseCidr(length === undefined ? `${host}/${address.version === 4 ? 32 : 128}` : given);
  if (address === undefined || cidr === undefined) {
    throw refused('InvalidCIDR', `remote_ip_prefix: '${given}' is not a CIDR, such as 10.0.0.0/24`);
  }
  if (ethertype !== `IPv${cidr.version}`) {
    throw refused(
      'SecurityGroupRuleParameterConflict',
      `remote_ip_prefix: '${given}' is IPv${cidr.version}, and ethertype is ${ethertype}`,
    );
  }
  return `${printAddress(address)}/${cidr.prefix}`;
}

function refused(type: string, message: string): NetworkError {
  return new NetworkError('invalid', type, `security_group_rule.${message}`);
}

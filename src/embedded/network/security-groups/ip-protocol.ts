/**
 * IP protocols by name and number. Source: IANA's protocol numbers, those that Neutron's security
 * groups have by name.
 */
import { NetworkError } from '../requests/errors.ts';

const numbers: Record<string, number> = {
  ah: 51,
  dccp: 33,
  egp: 8,
  esp: 50,
  gre: 47,
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ip: 0,
  ipip: 4,
  'ipv6-encap': 41,
  'ipv6-frag': 44,
  'ipv6-icmp': 58,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  'ipv6-route': 43,
  ospf: 89,
  pgm: 113,
  rsvp: 46,
  sctp: 132,
  tcp: 6,
  udp: 17,
  udplite: 136,
  vrrp: 112,
};

const onlyIpv6 = [41, 43, 44, 58, 59, 60];

/**
 * The protocol as it is kept: a name in small letters, a number as text, null for any. Example:
 * 'TCP' → tcp; 47 → '47'; 'any' → null; icmp with IPv6 → ipv6-icmp. Throws `invalid` for one that
 * does not exist, or not in IPv4.
 */
export function protocolOf(
  requested: string | number | null | undefined,
  ethertype: 'IPv4' | 'IPv6',
): string | null {
  const word = String(requested ?? 'any').toLowerCase();
  if (word === 'any') return null;
  const isNumber = /^\d+$/.test(word);
  if (isNumber ? Number(word) > 255 : !Object.hasOwn(numbers, word)) {
    throw new NetworkError(
      'invalid',
      'SecurityGroupRuleInvalidProtocol',
      `security_group_rule.protocol: '${requested}' is not supported: a number from 0 to 255 or one of any, ${Object.keys(numbers).join(', ')}`,
    );
  }
  if (ethertype === 'IPv6') return forIpv6(word, isNumber);
  if (onlyIpv6.includes(numberOfProtocol(word))) {
    throw new NetworkError(
      'invalid',
      'SecurityGroupEthertypeConflictWithProtocol',
      `security_group_rule.ethertype: IPv4 has no protocol ${word}`,
    );
  }
  return isNumber ? String(Number(word)) : word;
}

function forIpv6(word: string, isNumber: boolean): string {
  if (word === 'icmp' || word === 'icmpv6') return 'ipv6-icmp';
  if (!isNumber) return word;
  return word === '1' ? '58' : String(Number(word));
}

/** Example: tcp → 6; '47' → 47. */
export function numberOfProtocol(protocol: string): number {
  return numbers[protocol] ?? Number(protocol);
}

/** TCP, UDP, UDPLITE, SCTP and DCCP have ports. */
export function takesPorts(number: number): boolean {
  return [6, 17, 33, 132, 136].includes(number);
}

/** Which addresses a port gets: the requested ones, or the next free ones. */
import type { StoredSubnet } from '#contracts/store/network-store.ts';
import type { FixedIp } from '#core/networking/port.ts';
import { type Address, contains, parseAddress, printAddress } from '../requests/address.ts';
import { invalidInput, NetworkError } from '../requests/errors.ts';
import { knownCidr } from '../networks/subnet-plan.ts';

/** An address, a subnet to take one from, or both. */
export interface RequestedAddress {
  subnet_id?: string;
  ip_address?: string;
}

/** A subnet and the addresses that ports have in it; those chosen are added. */
export interface SubnetUse {
  subnet: StoredSubnet;
  taken: Set<string>;
}

/**
 * Example: subnet 10.0.0.0/24 with .2 taken, none requested → 10.0.0.3. With IPv4 and IPv6 subnets:
 * one address of each. Throws what is wrong: foreign subnet, address outside, taken, or none left.
 * `[]` requested: none.
 */
export function chooseAddresses(
  networkId: string,
  requested: RequestedAddress[] | undefined,
  uses: SubnetUse[],
): FixedIp[] {
  if (requested === undefined) {
    return ([4, 6] as const).flatMap((version) => {
      const fitting = uses.filter(({ subnet }) => subnet.ipVersion === version);
      return fitting.length === 0 ? [] : [takeNextFree(networkId, fitting)];
    });
  }
  return requested.map((one, index) => chooseOne(networkId, one, index, uses));
}

// oxlint-disable-next-line max-params -- the place in the list is part of the message
function chooseOne(
  networkId: string,
  { subnet_id: subnetId, ip_address: text }: RequestedAddress,
  index: number,
  uses: SubnetUse[],
): FixedIp {
  const field = `port.fixed_ips[${index}]`;
  const fitting = uses.filter(({ subnet }) => subnetId === undefined || subnet.id === subnetId);
  if (fitting.length === 0) {
    throw invalidInput(`${field}.subnet_id: '${subnetId}' is not a subnet of network ${networkId}`);
  }
  if (text === undefined) return takeNextFree(networkId, fitting);
  const address = parseAddress(text);
  if (address === undefined)
    throw invalidInput(`${field}.ip_address: '${text}' is not an IP address`);
  const use = fitting.find(({ subnet }) => isHostOf(subnet, address));
  if (use === undefined) {
    const ranges = fitting.map(({ subnet }) => subnet.cidr).join(', ');
    throw new NetworkError(
      'invalid',
      'InvalidIpForNetwork',
      `${field}.ip_address: '${text}' is not a host address of ${ranges}`,
    );
  }
  const ipAddress = printAddress(address);
  if (use.taken.has(ipAddress)) {
    throw new NetworkError(
      'conflict',
      'IpAddressAlreadyAllocated',
      `${field}.ip_address: ${ipAddress} is in use by another port of subnet ${use.subnet.id}`,
    );
  }
  return take(use, ipAddress);
}

function isHostOf(subnet: StoredSubnet, address: Address): boolean {
  const cidr = knownCidr(subnet.cidr);
  return contains(cidr, address) && address.value >= cidr.first && address.value <= cidr.last;
}

function takeNextFree(networkId: string, uses: SubnetUse[]): FixedIp {
  for (const use of uses) {
    const free = nextFree(use);
    if (free !== undefined) return take(use, free);
  }
  const ranges = uses.map(({ subnet }) => subnet.cidr).join(', ');
  throw new NetworkError(
    'conflict',
    'IpAddressGenerationFailure',
    `No more IP addresses available on network ${networkId}: ${ranges} has none left`,
  );
}

/**
 * An address found taken stays so: many addresses chosen from one set are found in one pass through
 * the pools.
 */
const walks = new WeakMap<Set<string>, Iterator<string>>();

function nextFree({ subnet, taken }: SubnetUse): string | undefined {
  const walk = walks.get(taken) ?? addressesOf(subnet);
  walks.set(taken, walk);
  for (;;) {
    const { value: text, done } = walk.next();
    if (done === true) return undefined;
    if (!taken.has(text)) return text;
  }
}

/** Of all pools, in their order. */
function* addressesOf({ allocationPools }: StoredSubnet): Generator<string> {
  for (const pool of allocationPools) {
    const { version, value: start } = parseAddress(pool.start) as Address;
    const { value: end } = parseAddress(pool.end) as Address;
    for (let value = start; value <= end; value += 1n) yield printAddress({ version, value });
  }
}

/** Two entries of one port must not get the same address. */
function take({ subnet, taken }: SubnetUse, ipAddress: string): FixedIp {
  taken.add(ipAddress);
  return { subnetId: subnet.id, ipAddress };
}

/** Which addresses a port gets: the requested ones, or the next free ones. */
import type { AllocationPool, NetworkRows, StoredSubnet } from '#contracts/store/network-store.ts';
import type { FixedIp } from '#core/networking/port.ts';
import { type Address, contains, parseAddress, printAddress } from '../requests/address.ts';
import { invalidInput, NetworkError } from '../requests/errors.ts';
import { knownCidr } from '../networks/subnet-plan.ts';

/** An address, a subnet to take one from, or both. */
export interface RequestedAddress {
  subnet_id?: string;
  ip_address?: string;
}

export interface AddressRequest {
  networkId: string;
  /** Of that network, oldest first. */
  subnets: StoredSubnet[];
  /** undefined: one of each IP version. */
  requested: RequestedAddress[] | undefined;
  /** What the port has now, free for it to keep. */
  own?: FixedIp[];
}

/** Which addresses ports have. */
export type AddressUse = Pick<NetworkRows, 'isAddressTaken' | 'freeAddress'>;

/**
 * Example: subnet 10.0.0.0/24 with .2 taken, none requested → 10.0.0.3. With IPv4 and IPv6 subnets:
 * one address of each. Throws what is wrong: foreign subnet, address outside, taken, or none left.
 * `[]` requested: none.
 */
export async function chooseAddresses(
  rows: AddressUse,
  { networkId, subnets, requested, own = [] }: AddressRequest,
): Promise<FixedIp[]> {
  const searches = subnets.map((subnet) => new SubnetSearch(rows, subnet, own));
  const chosen: FixedIp[] = [];
  if (requested === undefined) {
    for (const version of [4, 6] as const) {
      const fitting = searches.filter(({ subnet }) => subnet.ipVersion === version);
      if (fitting.length > 0) chosen.push(await takeNextFree(networkId, fitting));
    }
    return chosen;
  }
  for (const [index, one] of requested.entries()) {
    chosen.push(await chooseOne(networkId, one, { field: `port.fixed_ips[${index}]`, searches }));
  }
  return chosen;
}

async function chooseOne(
  networkId: string,
  { subnet_id: subnetId, ip_address: text }: RequestedAddress,
  { field, searches }: { field: string; searches: SubnetSearch[] },
): Promise<FixedIp> {
  const fitting = searches.filter(({ subnet }) => subnetId === undefined || subnet.id === subnetId);
  if (fitting.length === 0) {
    throw invalidInput(`${field}.subnet_id: '${subnetId}' is not a subnet of network ${networkId}`);
  }
  if (text === undefined) return takeNextFree(networkId, fitting);
  const address = parseAddress(text);
  if (address === undefined)
    throw invalidInput(`${field}.ip_address: '${text}' is not an IP address`);
  const search = fitting.find(({ subnet }) => isHostOf(subnet, address));
  if (search === undefined) {
    const ranges = fitting.map(({ subnet }) => subnet.cidr).join(', ');
    throw new NetworkError(
      'invalid',
      'InvalidIpForNetwork',
      `${field}.ip_address: '${text}' is not a host address of ${ranges}`,
    );
  }
  const ipAddress = printAddress(address);
  if (await search.isTaken(ipAddress)) {
    throw new NetworkError(
      'conflict',
      'IpAddressAlreadyAllocated',
      `${field}.ip_address: ${ipAddress} is in use by another port of subnet ${search.subnet.id}`,
    );
  }
  return search.take(ipAddress);
}

function isHostOf(subnet: StoredSubnet, address: Address): boolean {
  const cidr = knownCidr(subnet.cidr);
  return contains(cidr, address) && address.value >= cidr.first && address.value <= cidr.last;
}

async function takeNextFree(networkId: string, searches: SubnetSearch[]): Promise<FixedIp> {
  for (const search of searches) {
    const taken = await search.takeNext();
    if (taken !== undefined) return taken;
  }
  const ranges = searches.map(({ subnet }) => subnet.cidr).join(', ');
  throw new NetworkError(
    'conflict',
    'IpAddressGenerationFailure',
    `No more IP addresses available on network ${networkId}: ${ranges} has none left`,
  );
}

/** The addresses of one subnet while a port gets its own. */
class SubnetSearch {
  readonly subnet: StoredSubnet;
  readonly #rows: AddressUse;
  /** Of the port: taken for all others. */
  readonly #own: ReadonlySet<string>;
  /** For this port: two of its entries must not get the same address. */
  readonly #chosen = new Set<string>();
  /** What is left of the pools; all before it is taken or chosen, or is the port's own. */
  #left: AllocationPool[];

  constructor(rows: AddressUse, subnet: StoredSubnet, own: readonly FixedIp[]) {
    this.#rows = rows;
    this.subnet = subnet;
    const here = own.filter(({ subnetId }) => subnetId === subnet.id);
    this.#own = new Set(here.map(({ ipAddress }) => ipAddress));
    this.#left = [...subnet.allocationPools];
  }

  async isTaken(ipAddress: string): Promise<boolean> {
    if (this.#chosen.has(ipAddress)) return true;
    return !this.#own.has(ipAddress) && this.#rows.isAddressTaken(this.subnet.id, ipAddress);
  }

  take(ipAddress: string): FixedIp {
    this.#chosen.add(ipAddress);
    return { subnetId: this.subnet.id, ipAddress };
  }

  /** Takes the first one of the pools, in their order. Undefined: none is left. */
  async takeNext(): Promise<FixedIp | undefined> {
    const lowest = await this.#lowestFree();
    const kept = [...this.#own].filter((one) => !this.#chosen.has(one));
    const candidates = lowest === undefined ? kept : [lowest, ...kept];
    for (const pool of kept.length === 0 ? [] : this.subnet.allocationPools) {
      const [free] = candidates.filter((one) => isIn(pool, one)).toSorted(byValue);
      if (free !== undefined) return this.take(free);
    }
    return lowest === undefined ? undefined : this.take(lowest);
  }

  /** Without the port's own. */
  async #lowestFree(): Promise<string | undefined> {
    for (;;) {
      const [first, ...others] = this.#left;
      if (first === undefined) return undefined;
      if (this.#chosen.has(first.start)) {
        this.#left = [...withoutStart(first), ...others];
        continue;
      }
      const start = await this.#rows.freeAddress(this.subnet.id, this.#left);
      this.#left = start === undefined ? [] : from(start, this.#left);
      if (start === undefined || !this.#chosen.has(start)) return start;
    }
  }
}

/** The ranges from this address on; it is in one of them. */
function from(start: string, ranges: AllocationPool[]): AllocationPool[] {
  const [first, ...others] = ranges.slice(ranges.findIndex((range) => isIn(range, start)));
  return first === undefined ? [] : [{ start, end: first.end }, ...others];
}

/** None: it had only its start. */
function withoutStart({ start, end }: AllocationPool): AllocationPool[] {
  const address = parseAddress(start);
  if (address === undefined || start === end) return [];
  return [{ start: printAddress({ ...address, value: address.value + 1n }), end }];
}

function isIn({ start, end }: AllocationPool, text: string): boolean {
  return valueOf(start) <= valueOf(text) && valueOf(text) <= valueOf(end);
}

function byValue(one: string, other: string): number {
  return valueOf(one) < valueOf(other) ? -1 : 1;
}

/** Of an address as it is stored. */
function valueOf(text: string): bigint {
  return parseAddress(text)?.value ?? 0n;
}

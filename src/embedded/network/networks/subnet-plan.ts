/** A new subnet's range, gateway and pools, from the request. */
import type { AllocationPool, StoredSubnet } from '#contracts/store/network-store.ts';
import {
  type Cidr,
  contains,
  overlaps,
  parseAddress,
  parseCidr,
  printAddress,
  printCidr,
} from '../requests/address.ts';
import { invalidInput, NetworkError } from '../requests/errors.ts';

export interface RequestedSubnet {
  networkId: string;
  cidr: string;
  ipVersion: 4 | 6;
  /** undefined: the first host. null: none. */
  gatewayIp: string | null | undefined;
  allocationPools: AllocationPool[] | undefined;
}

export type SubnetPlan = Pick<StoredSubnet, 'cidr' | 'gatewayIp' | 'allocationPools'>;

/**
 * Example: 10.20.0.0/22 → gateway 10.20.0.1, pool 10.20.0.2 to 10.20.3.254. Throws what is wrong:
 * no CIDR, other IP version, overlap with a subnet of the network, gateway or pool outside.
 */
export function planSubnet(requested: RequestedSubnet, siblings: StoredSubnet[]): SubnetPlan {
  const cidr = checkCidr(requested);
  const sibling = siblings.find((other) => overlaps(cidr, knownCidr(other.cidr)));
  if (sibling !== undefined) {
    throw invalidInput(
      `subnet.cidr: ${printCidr(cidr)} overlaps with ${sibling.cidr} of subnet ${sibling.id} on network ${requested.networkId}`,
    );
  }
  const gatewayIp = checkGateway(requested.gatewayIp, cidr);
  const allocationPools =
    requested.allocationPools === undefined
      ? defaultPools(cidr, gatewayIp)
      : checkPools(requested.allocationPools, cidr, gatewayIp);
  return { cidr: printCidr(cidr), gatewayIp, allocationPools };
}

/**
 * Gateway and pools of a subnet after a change; undefined: as before. Ports keep their addresses,
 * in a pool or not. Throws what is wrong: gateway or pool outside, or a gateway inside a pool.
 */
export function changeSubnetPlan(
  before: StoredSubnet,
  requested: Pick<RequestedSubnet, 'gatewayIp' | 'allocationPools'>,
): Pick<SubnetPlan, 'gatewayIp' | 'allocationPools'> {
  const cidr = knownCidr(before.cidr);
  const { gatewayIp: gateway, allocationPools: pools } = requested;
  if (gateway === undefined && pools === undefined) {
    return { gatewayIp: before.gatewayIp, allocationPools: before.allocationPools };
  }
  const gatewayIp = gateway === undefined ? before.gatewayIp : checkGateway(gateway, cidr);
  const allocationPools = checkPools(pools ?? before.allocationPools, cidr, gatewayIp);
  return { gatewayIp, allocationPools };
}

/** The range of a stored subnet, which was checked when it was stored. */
export function knownCidr(text: string): Cidr {
  return parseCidr(text) as Cidr;
}

function checkCidr({ cidr: text, ipVersion }: RequestedSubnet): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    throw invalidInput(`subnet.cidr: '${text}' is not a CIDR, such as 10.0.0.0/24 or fd00::/64`);
  }
  if (cidr.version !== ipVersion) {
    throw invalidInput(
      `subnet.ip_version: ${ipVersion} does not fit subnet.cidr ${text}, which is IPv${cidr.version}`,
    );
  }
  if (cidr.prefix === 0) throw invalidInput(`subnet.cidr: '${text}': the prefix must not be 0`);
  return cidr;
}

/** The gateway to use: the requested one, checked, or the first host. */
function checkGateway(requested: string | null | undefined, cidr: Cidr): string | null {
  if (requested === null) return null;
  if (requested === undefined) return printAddress({ version: cidr.version, value: cidr.first });
  const gateway = parseAddress(requested);
  if (gateway === undefined || !contains(cidr, gateway)) {
    throw invalidInput(`subnet.gateway_ip: '${requested}' is not an address of ${printCidr(cidr)}`);
  }
  return printAddress(gateway);
}

function defaultPools(cidr: Cidr, gatewayIp: string | null): AllocationPool[] {
  const { version, first, last } = cidr;
  const gateway = gatewayIp === null ? undefined : parseAddress(gatewayIp)?.value;
  const ranges: [bigint, bigint][] =
    gateway === undefined || gateway < first || gateway > last
      ? [[first, last]]
      : [
          [first, gateway - 1n],
          [gateway + 1n, last],
        ];
  return ranges
    .filter(([start, end]) => start <= end)
    .map(([start, end]) => ({
      start: printAddress({ version, value: start }),
      end: printAddress({ version, value: end }),
    }));
}

function checkPools(
  pools: AllocationPool[],
  cidr: Cidr,
  gatewayIp: string | null,
): AllocationPool[] {
  const gateway = gatewayIp === null ? undefined : parseAddress(gatewayIp);
  const ranges = pools.map(({ start, end }) => ({
    text: `${start}-${end}`,
    start: parseAddress(start),
    end: parseAddress(end),
  }));
  ranges.forEach(({ text, start, end }, index) => {
    const field = `subnet.allocation_pools[${index}]`;
    if (start === undefined || end === undefined || start.value > end.value) {
      throw invalidInput(`${field}: '${text}' is not a range of addresses, lower end first`);
    }
    if (!contains(cidr, start) || !contains(cidr, end)) {
      throw invalidInput(`${field}: '${text}' is not within ${printCidr(cidr)}`);
    }
    if (gateway && gateway.value >= start.value && gateway.value <= end.value) {
      throw new NetworkError(
        'conflict',
        'GatewayConflictWithAllocationPools',
        `${field}: '${text}' contains the gateway ${gatewayIp}`,
      );
    }
    const other = ranges
      .slice(0, index)
      .find(
        (earlier) =>
          earlier.end &&
          earlier.start &&
          earlier.start.value <= end.value &&
          start.value <= earlier.end.value,
      );
    if (other !== undefined) {
      throw invalidInput(`${field}: '${text}' overlaps with '${other.text}'`);
    }
  });
  return ranges.map(({ start, end }) => ({
    start: printAddress(start as NonNullable<typeof start>),
    end: printAddress(end as NonNullable<typeof end>),
  }));
}

/**
 * The provider segment of a network: the requested one, checked, or one of the configured ranges.
 */
import type { StoredNetwork } from '#contracts/store/network-store.ts';
import type { PhysicalNetwork } from '../requests/context.ts';
import { invalidInput, NetworkError } from '../requests/errors.ts';

/** VLAN ids 0 and 4095 are reserved. Source: IEEE 802.1Q. */
const vlanIds = { min: 1, max: 4094 };
/** Of networks in tunnels: 24 bits. Source: RFC 7348, RFC 8926. */
const tunnelIds = { min: 1, max: 2 ** 24 - 1 };
const tunnelTypes = ['vxlan', 'geneve', 'gre'] as const;
type TunnelType = (typeof tunnelTypes)[number];

/** Is it a type of networks in tunnels, which have an id, and no physical network? */
export function isTunnelType(networkType: string): networkType is TunnelType {
  return tunnelTypes.some((known) => known === networkType);
}

export interface RequestedSegment {
  'provider:network_type'?: string;
  'provider:physical_network'?: string;
  /** The stock client sends text. */
  'provider:segmentation_id'?: string | number;
}

export type Segment = Pick<StoredNetwork, 'networkType' | 'physicalNetwork' | 'segmentationId'>;

/**
 * Example: vlan on physnet1 with id "42" → 42. Nothing requested: the first free VLAN id of the
 * configured ranges. A local network has neither physical network nor id, a tunnelled one no
 * physical network. Throws: unknown type or physical network, id missing or out of range, segment
 * in use.
 */
export function chooseSegment(
  requested: RequestedSegment,
  known: PhysicalNetwork[],
  used: Segment[],
): Segment {
  const networkType = checkType(requested['provider:network_type']);
  if (networkType === 'local') return localSegment(requested);
  if (isTunnelType(networkType)) return tunnelSegment(networkType, requested, used);
  const physicalNetworks = checkPhysicalNetwork(requested['provider:physical_network'], known);
  const id = checkId(requested['provider:segmentation_id'], networkType);
  if (networkType === 'flat') return flatSegment(physicalNetworks, used);
  const [only] = physicalNetworks;
  if (id === null || only === undefined) return freeVlan(physicalNetworks, used);
  if (isUsed(used, only.name, id)) {
    throw new NetworkError(
      'conflict',
      'VlanIdInUse',
      `Unable to create the network. The VLAN ${id} on physical network ${only.name} is in use.`,
    );
  }
  return { networkType, physicalNetwork: only.name, segmentationId: id };
}

function checkType(requested: string | undefined): 'vlan' | 'flat' | 'local' | TunnelType {
  if (requested === undefined || requested === 'vlan') return 'vlan';
  if (requested === 'flat' || requested === 'local' || isTunnelType(requested)) return requested;
  throw invalidInput(
    `network.provider:network_type: '${requested}' is not offered by the embedded network service: must be vlan, flat, local, ${tunnelTypes.join(', ')}`,
  );
}

function localSegment(requested: RequestedSegment): Segment {
  for (const field of ['provider:physical_network', 'provider:segmentation_id'] as const) {
    if (requested[field] === undefined) continue;
    throw invalidInput(`network.${field}: '${requested[field]}': a local network has none`);
  }
  return { networkType: 'local', physicalNetwork: null, segmentationId: null };
}

function tunnelSegment(
  networkType: TunnelType,
  requested: RequestedSegment,
  used: Segment[],
): Segment {
  const physical = requested['provider:physical_network'];
  if (physical !== undefined) {
    throw invalidInput(
      `network.provider:physical_network: '${physical}': a ${networkType} network has none`,
    );
  }
  const ids = new Set(
    used.filter((other) => other.networkType === networkType).map((other) => other.segmentationId),
  );
  const id = checkId(requested['provider:segmentation_id'], networkType);
  if (id !== null && ids.has(id)) {
    throw new NetworkError(
      'conflict',
      'TunnelIdInUse',
      `Unable to create the network. The tunnel ID ${id} is in use.`,
    );
  }
  let free: number = tunnelIds.min;
  while (ids.has(free)) free += 1;
  return { networkType, physicalNetwork: null, segmentationId: id ?? free };
}

function checkPhysicalNetwork(
  requested: string | undefined,
  known: PhysicalNetwork[],
): PhysicalNetwork[] {
  if (requested === undefined) return known;
  const found = known.filter(({ name }) => name === requested);
  if (found.length > 0) return found;
  const names = known.map(({ name }) => name).join(', ') || 'none';
  throw invalidInput(
    `network.provider:physical_network: '${requested}' is unknown; known physical networks: ${names}`,
  );
}

function checkId(
  requested: string | number | undefined,
  networkType: 'vlan' | 'flat' | TunnelType,
): number | null {
  if (requested === undefined) return null;
  const field = 'network.provider:segmentation_id';
  if (networkType === 'flat') {
    throw invalidInput(`${field}: '${requested}': a flat network has no segmentation id`);
  }
  const id = Number(requested);
  const { min, max } = networkType === 'vlan' ? vlanIds : tunnelIds;
  if (/^\d+$/.test(String(requested)) && id >= min && id <= max) return id;
  const kind = networkType === 'vlan' ? 'VLAN' : networkType;
  throw invalidInput(
    `${field}: '${requested}' is out of range: a ${kind} id is a number from ${min} to ${max}`,
  );
}

function flatSegment([first]: PhysicalNetwork[], used: Segment[]): Segment {
  if (first === undefined) throw noPhysicalNetwork();
  const physicalNetwork = first.name;
  const isTaken = used.some(
    (other) => other.networkType === 'flat' && other.physicalNetwork === physicalNetwork,
  );
  if (isTaken) {
    throw new NetworkError(
      'conflict',
      'FlatNetworkInUse',
      `Unable to create the flat network. Physical network ${physicalNetwork} is in use.`,
    );
  }
  return { networkType: 'flat', physicalNetwork, segmentationId: null };
}

function freeVlan(physicalNetworks: PhysicalNetwork[], used: Segment[]): Segment {
  for (const { name, vlanRange } of physicalNetworks) {
    if (vlanRange === undefined) continue;
    for (let id = vlanRange[0]; id <= vlanRange[1]; id += 1) {
      if (isUsed(used, name, id)) continue;
      return { networkType: 'vlan', physicalNetwork: name, segmentationId: id };
    }
  }
  if (physicalNetworks.length === 0) throw noPhysicalNetwork();
  const ranges = physicalNetworks.map(
    ({ name, vlanRange }) => `${name} ${vlanRange?.join('-') ?? 'without a range'}`,
  );
  throw new NetworkError(
    'conflict',
    'NoNetworkAvailable',
    `Unable to create the network. No VLAN id is free in the configured ranges (${ranges.join(', ')}); ask for one with provider:segmentation_id.`,
  );
}

function isUsed(used: Segment[], physicalNetwork: string, id: number): boolean {
  return used.some(
    (other) => other.physicalNetwork === physicalNetwork && other.segmentationId === id,
  );
}

function noPhysicalNetwork(): NetworkError {
  return new NetworkError(
    'conflict',
    'NoNetworkAvailable',
    'Unable to create the network. No physical network is configured.',
  );
}

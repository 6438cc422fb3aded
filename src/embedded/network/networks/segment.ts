/**
 * The provider segment of a network: the requested one, checked, or one of the configured ranges.
 */
import type { StoredNetwork } from '#contracts/store/network-store.ts';
import type { PhysicalNetwork } from '../requests/context.ts';
import { invalidInput, NetworkError } from '../requests/errors.ts';

/** VLAN ids 0 and 4095 are reserved. Source: IEEE 802.1Q. */
const vlanIds = { min: 1, max: 4094 };

export interface RequestedSegment {
  'provider:network_type'?: string;
  'provider:physical_network'?: string;
  /** The stock client sends text. */
  'provider:segmentation_id'?: string | number;
}

export type Segment = Pick<StoredNetwork, 'networkType' | 'physicalNetwork' | 'segmentationId'>;

/**
 * Example: vlan on physnet1 with id "42" → 42. Nothing requested: the first free VLAN id of the
 * configured ranges. A local network has neither physical network nor id. Throws: unknown type or
 * physical network, id missing or out of range, segment in use.
 */
export function chooseSegment(
  requested: RequestedSegment,
  known: PhysicalNetwork[],
  used: Segment[],
): Segment {
  const networkType = checkType(requested['provider:network_type']);
  if (networkType === 'local') return localSegment(requested);
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

function checkType(requested: string | undefined): 'vlan' | 'flat' | 'local' {
  if (requested === undefined || requested === 'vlan') return 'vlan';
  if (requested === 'flat' || requested === 'local') return requested;
  throw invalidInput(
    `network.provider:network_type: '${requested}' is not offered by the embedded network service: must be vlan, flat or local`,
  );
}

function localSegment(requested: RequestedSegment): Segment {
  for (const field of ['provider:physical_network', 'provider:segmentation_id'] as const) {
    if (requested[field] === undefined) continue;
    throw invalidInput(`network.${field}: '${requested[field]}': a local network has none`);
  }
  return { networkType: 'local', physicalNetwork: null, segmentationId: null };
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
  networkType: 'vlan' | 'flat',
): number | null {
  if (requested === undefined) return null;
  const field = 'network.provider:segmentation_id';
  if (networkType === 'flat') {
    throw invalidInput(`${field}: '${requested}': a flat network has no segmentation id`);
  }
  const id = Number(requested);
  if (/^\d+$/.test(String(requested)) && id >= vlanIds.min && id <= vlanIds.max) return id;
  throw invalidInput(
    `${field}: '${requested}' is out of range: a VLAN id is a number from ${vlanIds.min} to ${vlanIds.max}`,
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

/**
 * What the networks of a server's NICs require of a host besides devices: physical networks,
 * tunnels, and the ports' resource requests.
 */
import { ComputeError } from '../errors.ts';
import type { Network } from '../networking/port.ts';
import { physicalNetworkOf } from '../networking/vif-of.ts';

/** `physicalNetworks` sorted, each once. */
export interface NetworkNeeds {
  physicalNetworks: string[];
  isTunneled: boolean;
}

/**
 * A port's request for resources of one provider. `requesterId`: the port, or the group's own id.
 */
export interface ResourceGroup {
  requesterId: string;
  resources: Record<string, number>;
  requiredTraits: string[];
}

/** Source: Nova `L3_NETWORK_TYPES`. */
const tunnelTypes = new Set(['vxlan', 'gre', 'geneve']);

/**
 * The needs of these networks together. Example: a vlan network on physnet1 and a vxlan one → `{
 * physicalNetworks: ['physnet1'], isTunneled: true }`. Throws `invalid` for a multi-segment network
 * without any physical network. Source: Nova `_get_physnet_tunneled_info`.
 */
export function networkNeeds(networks: readonly Network[]): NetworkNeeds {
  const needs = networks.map((network) => {
    const physicalNetwork = physicalNetworkOf(network);
    if (network.segments.length > 1 && physicalNetwork === null) {
      throw new ComputeError(
        'invalid',
        `network ${network.id}: none of its ${network.segments.length} segments has a provider:physical_network`,
        { detail: 'no_physical_network_in_segments' },
      );
    }
    const [only, ...others] = network.segments;
    const isTunneled = others.length === 0 && tunnelTypes.has(only?.networkType ?? '');
    return { physicalNetwork, isTunneled };
  });
  const names = needs.flatMap(({ physicalNetwork }) => physicalNetwork ?? []);
  return {
    physicalNetworks: [...new Set(names)].toSorted(),
    isTunneled: needs.some(({ isTunneled }) => isTunneled),
  };
}

interface WireGroup {
  id?: string;
  resources?: Record<string, number>;
  required?: string[];
}

/**
 * A port's `resource_request` as Neutron shows it: one group, or with its extension a list of
 * groups.
 */
export type PortResourceRequest = WireGroup & { request_groups?: WireGroup[] };

/**
 * The groups of a port's resource request; none when it has none. Source: Nova
 * `RequestGroup.from_port_request`, `from_extended_port_request`.
 */
export function resourceGroupsOf(
  portId: string,
  request: PortResourceRequest | null,
): ResourceGroup[] {
  const groups = request?.request_groups ?? (request?.resources === undefined ? [] : [request]);
  return groups.map(({ id, resources = {}, required = [] }) => ({
    requesterId: id ?? portId,
    resources,
    requiredTraits: required.toSorted(),
  }));
}

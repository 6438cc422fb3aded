/** Converts Neutron's agents. Pure. */
import type { NetworkAgent } from '#core/networking/binding/network-agents.ts';

export interface NeutronAgent {
  id: string;
  agent_type: string;
  host: string;
  alive: boolean;
  heartbeat_timestamp: string;
  /** The keys depend on the agent's kind; OVN's have hyphens, and its mappings are text. */
  configurations?: {
    device_mappings?: Mappings;
    bridge_mappings?: Mappings;
    interface_mappings?: Mappings;
    'bridge-mappings'?: string;
    tunnel_types?: string[];
  };
}

export interface NeutronAgents {
  agents: NeutronAgent[];
  /** Of a paged list. */
  agents_links?: { rel: string }[];
}

/** Keyed by physical network. */
type Mappings = Record<string, unknown>;

/**
 * Example: a NIC Switch agent with `device_mappings: { physnet1: ['ens1f0'] }` → physical networks
 * `['physnet1']`. OVN creates its tunnels without reporting them.
 */
export function toAgent(agent: NeutronAgent): NetworkAgent {
  const { configurations = {} } = agent;
  return {
    host: agent.host,
    kind: agent.agent_type,
    isAlive: agent.alive,
    lastHeartbeat: agent.heartbeat_timestamp,
    physicalNetworks: physicalNetworksOf(configurations),
    tunnelTypes: configurations.tunnel_types ?? null,
  };
}

function physicalNetworksOf(
  configurations: NonNullable<NeutronAgent['configurations']>,
): string[] | null {
  const { 'bridge-mappings': ovn } = configurations;
  if (ovn !== undefined) {
    const pairs = ovn.split(',').map((pair) => pair.split(':')[0]?.trim() ?? '');
    return pairs.filter((physnet) => physnet !== '');
  }
  const { device_mappings: devices, bridge_mappings: bridges } = configurations;
  const mapped = [devices, bridges, configurations.interface_mappings].filter(
    (mappings) => mappings !== undefined,
  );
  return mapped.length === 0 ? null : mapped.flatMap((mappings) => Object.keys(mappings));
}

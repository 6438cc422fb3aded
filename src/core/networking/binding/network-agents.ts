/**
 * The agents of the network service: which agent wires ports on which host, as the service lists
 * them. Independent of how they are requested.
 */

/** One agent on one host. */
export interface NetworkAgent {
  host: string;
  /** Neutron's `agent_type`. Example: `NIC Switch agent`. */
  kind: string;
  isAlive: boolean;
  /** As the service writes it, UTC. Example: `2026-11-23 07:34:44`. */
  lastHeartbeat: string;
  /** Physical networks it reaches; null: not reported. */
  physicalNetworks: string[] | null;
  /** Tunnel types it makes, such as `vxlan`; null: not reported. */
  tunnelTypes: string[] | null;
}

/** All agents as they were when the list was read. `readAt`: epoch milliseconds. */
export class NetworkAgents {
  readonly readAt: number;
  readonly all: readonly NetworkAgent[];
  readonly #byHost: ReadonlyMap<string, readonly NetworkAgent[]>;
  readonly #kinds: ReadonlySet<string>;

  constructor(agents: readonly NetworkAgent[], readAt: number) {
    this.readAt = readAt;
    this.all = agents;
    this.#byHost = Map.groupBy(agents, ({ host }) => host);
    this.#kinds = new Set(agents.map(({ kind }) => kind));
  }

  /** The agents of a host, dead ones too; none where it has none. */
  on(host: string): readonly NetworkAgent[] {
    return this.#byHost.get(host) ?? [];
  }

  /** Those of these kinds of which any host has an agent, dead or alive. */
  present(kinds: readonly string[]): string[] {
    return kinds.filter((kind) => this.#kinds.has(kind));
  }
}

/**
 * An agent and what it reaches. Examples: `NIC Switch agent (it has physnet1, physnet2)`; `Open
 * vSwitch agent (it is dead, last heartbeat 2026-11-23 07:34:44 UTC)`.
 */
export function describeAgent(agent: NetworkAgent): string {
  return `${agent.kind} (${describeState(agent)})`;
}

/** The text in the brackets of `agentInWords`. */
export function describeState(agent: NetworkAgent): string {
  if (!agent.isAlive) return `it is dead, last heartbeat ${agent.lastHeartbeat} UTC`;
  const { physicalNetworks, tunnelTypes } = agent;
  if (physicalNetworks === null && tunnelTypes === null) return 'it is alive';
  return `it has ${[...(physicalNetworks ?? []), ...(tunnelTypes ?? [])].join(', ') || 'no network'}`;
}

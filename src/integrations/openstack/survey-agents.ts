/** Describes to an operator what a cloud's network agents mean for servers. Pure. */
import type { NetworkAgent, NetworkAgents } from '#core/networking/binding/network-agents.ts';

/** Hosts listed by name; the others are counted. */
const hostsShown = 5;

/**
 * Each kind that reaches physical networks, with its hosts; and dead agents. Example: `NIC Switch
 * agent on host-1, host-2: physnet1, physnet2`. Without a live NIC Switch agent direct and macvtap
 * ports are bound only where another mechanism driver does it.
 */
export function surveyAgents({ all }: NetworkAgents): { found: string[]; missing: string[] } {
  const alive = all.filter(({ isAlive }) => isAlive);
  const wiring = alive.filter(({ physicalNetworks }) => physicalNetworks !== null);
  const found = [...Map.groupBy(wiring, ({ kind }) => kind)].map(
    ([kind, agents]) => `${kind} on ${hostsOf(agents)}: ${physicalNetworksOf(agents)}`,
  );
  const missing = [
    ...Map.groupBy(
      all.filter(({ isAlive }) => !isAlive),
      ({ kind }) => kind,
    ),
  ].map(([kind, agents]) => `a live ${kind} on ${hostsOf(agents)}: it is dead`);
  if (!alive.some(({ kind }) => kind === 'NIC Switch agent')) {
    missing.push(
      'a live NIC Switch agent on any host: direct and macvtap ports are bound only if another mechanism driver of the network service does it',
    );
  }
  return { found, missing };
}

function hostsOf(agents: readonly NetworkAgent[]): string {
  const hosts = agents.map(({ host }) => host).toSorted();
  const more = hosts.length - hostsShown;
  return `${hosts.slice(0, hostsShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function physicalNetworksOf(agents: readonly NetworkAgent[]): string {
  const names = new Set(agents.flatMap(({ physicalNetworks }) => physicalNetworks ?? []));
  return [...names].toSorted().join(', ') || 'no physical network';
}

/**
 * Could the network service bind a NIC's port on a host? Decided by its agents, before anything is
 * claimed there.
 */
import type { Reason } from '../../reason.ts';
import {
  describeAgent,
  type NetworkAgent,
  type NetworkAgents,
  describeState,
} from './network-agents.ts';
import type { BindingProfile, Network, NetworkSegment } from '../port.ts';
import { physicalSegmentOf } from '../vif-of.ts';
import { type VnicTraits, type VnicType, vnicTraits } from '../vnic-types.ts';

/**
 * What decides which agents can bind a port: its vnic type, the suitable segments, and whether its
 * VF is offloaded (switchdev).
 */
export interface BindingNeed {
  vnicType: VnicType;
  segments: Pick<NetworkSegment, 'networkType' | 'physicalNetwork'>[];
  isOffloaded: boolean;
}

const nicSwitch = ['NIC Switch agent'];
const offloading = ['Open vSwitch agent', 'OVN Controller agent', 'OVN Controller Gateway agent'];
const switching = [...offloading, 'Linux bridge agent', 'Macvtap agent'];

/** Kinds that bind no port. An agent of an unlisted kind may bind anything. */
const bystanders = [
  'BGP dynamic routing agent',
  'DHCP agent',
  'L3 agent',
  'Metadata agent',
  'Metering agent',
  'OVN Metadata agent',
  'OVN Neutron agent',
];
const known = new Set([...nicSwitch, ...switching, ...bystanders]);

/**
 * The need of a port of this type on this network. A device comes from the first segment with a
 * physical network, so only that segment is suitable. Example: direct, vlan 42 on physnet1 → `{
 * vnicType: 'direct', segments: [{ networkType: 'vlan', physicalNetwork: 'physnet1' }],
 * isOffloaded: false }`.
 */
export function bindingNeed(
  { vnicType, profile }: { vnicType: VnicType; profile: BindingProfile },
  network: Pick<Network, 'segments'>,
): BindingNeed {
  const physical = physicalSegmentOf(network);
  const { device, mayBeOffloaded } = vnicTraits(vnicType);
  const isForOne = device !== null && physical !== undefined;
  const { capabilities } = profile;
  return {
    vnicType,
    segments: (isForOne ? [physical] : network.segments).map(
      ({ networkType, physicalNetwork }) => ({
        networkType,
        physicalNetwork,
      }),
    ),
    isOffloaded:
      mayBeOffloaded && Array.isArray(capabilities) && capabilities.includes('switchdev'),
  };
}

/**
 * Why no agent on this host could bind such a port; undefined when one could, or when that is
 * unknown: where no host has an agent of a suitable kind, or this host has one of an unknown kind,
 * another mechanism driver may bind. Example: `no live NIC Switch agent serves physnet2 (it has
 * physnet1)`. Source: Neutron's `SriovNicSwitchMechanismDriver.bind_port`,
 * `OpenvswitchMechanismDriver.bind_port`, OVN's `bind_port`; an agent that is only disabled
 * (`admin_state_up` false) binds there.
 */
export function bindingRefusal(
  need: BindingNeed,
  host: string,
  agents: NetworkAgents,
): Reason | undefined {
  const kinds = agents.present(kindsFor(need));
  if (kinds.length === 0 || need.segments.length === 0) return undefined;
  const agentsOnHost = agents.on(host);
  if (agentsOnHost.some(({ kind }) => !known.has(kind))) return undefined;
  const fitting = agentsOnHost.filter(({ kind }) => kinds.includes(kind));
  if (fitting.some((agent) => agent.isAlive && serves(agent, need.segments))) return undefined;
  const wanted = describeSegments(need.segments);
  return {
    code: 'no-network-agent',
    message: `no live ${kinds.join(' or ')} serves ${wanted} (${describeFound(fitting)})`,
    data: { vnicType: need.vnicType, kinds, wanted, agents: fitting.map(describeAgent) },
  };
}

/**
 * Which agent usually binds such a port. Example: `a live NIC Switch agent that serves physnet2`.
 * undefined: no agent, or unknown.
 */
export function describeBinder(need: BindingNeed): string | undefined {
  const kinds = kindsFor(need);
  if (kinds.length === 0 || need.segments.length === 0) return undefined;
  return `a live ${kinds.join(' or ')} that serves ${describeSegments(need.segments)}`;
}

const kindsOf: Record<VnicTraits['agent'], string[]> = {
  switch: switching,
  'offloading-switch': offloading,
  'nic-switch': nicSwitch,
  none: [],
  unknown: [],
};

function kindsFor({ vnicType, isOffloaded }: BindingNeed): string[] {
  return isOffloaded ? offloading : kindsOf[vnicTraits(vnicType).agent];
}

function serves(agent: NetworkAgent, segments: BindingNeed['segments']): boolean {
  return segments.some(({ networkType, physicalNetwork }) => {
    if (physicalNetwork !== null) return agent.physicalNetworks?.includes(physicalNetwork) ?? true;
    if (nicSwitch.includes(agent.kind)) return false;
    const isTunnel = networkType !== null && networkType !== 'local';
    return !isTunnel || (agent.tunnelTypes?.includes(networkType) ?? true);
  });
}

/** Example: `physnet1 or vxlan networks`. */
function describeSegments(segments: BindingNeed['segments']): string {
  const names = segments.map(
    ({ networkType, physicalNetwork }) => physicalNetwork ?? `${networkType ?? 'unknown'} networks`,
  );
  return [...new Set(names)].join(' or ');
}

function describeFound(fitting: readonly NetworkAgent[]): string {
  const [only, ...others] = fitting;
  if (only === undefined) return 'there is none';
  return others.length === 0 ? describeState(only) : fitting.map(describeAgent).join(', ');
}

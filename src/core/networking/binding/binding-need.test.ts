import { expect, test } from 'vitest';
import { describeBinder, bindingNeed, bindingRefusal } from './binding-need.ts';
import { type NetworkAgent, NetworkAgents } from './network-agents.ts';
import type { Network, NetworkSegment } from '../port.ts';
import type { VnicType } from '../vnic-types.ts';

const vlan = (physicalNetwork: string): NetworkSegment => ({
  networkType: 'vlan',
  physicalNetwork,
  segmentationId: 42,
});
const vxlan: NetworkSegment = { networkType: 'vxlan', physicalNetwork: null, segmentationId: 7 };

function networkOf(...segments: NetworkSegment[]): Network {
  return { id: 'n', name: 'red', projectId: 'p', mtu: 1500, segments, subnets: [] };
}

const agent = (change: Partial<NetworkAgent> = {}): NetworkAgent => ({
  host: 'host-1',
  kind: 'NIC Switch agent',
  isAlive: true,
  lastHeartbeat: '2026-11-23 07:34:44',
  physicalNetworks: ['physnet1'],
  tunnelTypes: null,
  ...change,
});
const elsewhere = agent({ host: 'host-9' });
const dead = agent({ isAlive: false });
const ovs = agent({ kind: 'Open vSwitch agent', tunnelTypes: [] });
const ovn = agent({ kind: 'OVN Controller agent' });
const switchdev = { capabilities: ['switchdev'] };

interface Row {
  name: string;
  vnicType?: VnicType;
  profile?: Record<string, unknown>;
  segments?: NetworkSegment[];
  agents: NetworkAgent[];
  expected?: string;
}

const rows: Row[] = [
  { name: 'a live agent serves the network', agents: [agent()] },
  {
    name: 'the agent serves another network',
    segments: [vlan('physnet2')],
    agents: [agent()],
    expected: 'no live NIC Switch agent serves physnet2 (it has physnet1)',
  },
  {
    name: 'the agent serves no network',
    agents: [agent({ physicalNetworks: [] })],
    expected: 'no live NIC Switch agent serves physnet1 (it has no network)',
  },
  {
    name: 'the agent is dead',
    vnicType: 'macvtap',
    agents: [dead],
    expected:
      'no live NIC Switch agent serves physnet1 (it is dead, last heartbeat 2026-11-23 07:34:44 UTC)',
  },
  {
    name: 'only other hosts have such agents',
    agents: [elsewhere],
    expected: 'no live NIC Switch agent serves physnet1 (there is none)',
  },
  { name: 'no host has an agent of a suitable kind', agents: [ovs] },
  { name: 'an agent of an unknown kind may bind', agents: [elsewhere, agent({ kind: 'Felix' })] },
  {
    name: 'an agent of a kind that binds nothing does not count',
    agents: [elsewhere, agent({ kind: 'DHCP agent', physicalNetworks: null })],
    expected: 'no live NIC Switch agent serves physnet1 (there is none)',
  },
  { name: 'a whole PF needs no agent', vnicType: 'direct-physical', agents: [dead, elsewhere] },
  {
    name: 'a network without a physical one',
    segments: [vxlan],
    agents: [agent()],
    expected: 'no live NIC Switch agent serves vxlan networks (it has physnet1)',
  },
  { name: 'a network whose segments are not visible', segments: [], agents: [dead] },
  {
    name: 'the device comes from the first segment with a physical network',
    segments: [vxlan, vlan('physnet2'), vlan('physnet1')],
    agents: [agent()],
    expected: 'no live NIC Switch agent serves physnet2 (it has physnet1)',
  },
  {
    name: 'a normal port on any of its segments',
    vnicType: 'normal',
    segments: [vxlan, vlan('physnet2'), vlan('physnet1')],
    agents: [ovs],
  },
  {
    name: 'a normal port where no virtual switch is connected',
    vnicType: 'normal',
    segments: [vxlan, vlan('physnet2')],
    agents: [agent(), ovs, elsewhere],
    expected: 'no live Open vSwitch agent serves vxlan networks or physnet2 (it has physnet1)',
  },
  {
    name: 'a tunnel of a type that the agent supports',
    vnicType: 'normal',
    segments: [vxlan],
    agents: [agent({ kind: 'Open vSwitch agent', tunnelTypes: ['vxlan'] })],
  },
  {
    name: 'a tunnel with an agent that reports no tunnel types',
    vnicType: 'normal',
    segments: [vxlan],
    agents: [ovn],
  },
  {
    name: 'two switches on one host, neither suitable',
    vnicType: 'normal',
    segments: [vlan('physnet2')],
    agents: [ovs, { ...ovn, isAlive: false }],
    expected:
      'no live Open vSwitch agent or OVN Controller agent serves physnet2 (Open vSwitch agent (it has physnet1), ' +
      'OVN Controller agent (it is dead, last heartbeat 2026-11-23 07:34:44 UTC))',
  },
  {
    name: 'an offloaded VF is bound by the virtual switch',
    profile: switchdev,
    agents: [dead, ovs],
  },
  {
    name: 'an offloaded VF without a virtual switch',
    profile: switchdev,
    agents: [agent(), { ...ovs, host: 'host-9' }],
    expected: 'no live Open vSwitch agent serves physnet1 (there is none)',
  },
];

test.each(rows)(
  '$name: $expected',
  ({ vnicType = 'direct', profile = {}, segments = [vlan('physnet1')], agents, expected }) => {
    const need = bindingNeed({ vnicType, profile }, networkOf(...segments));
    const reason = bindingRefusal(need, 'host-1', new NetworkAgents(agents, 0));
    expect(reason?.message).toBe(expected);
  },
);

test('a refusal names the agent that usually binds a port, except for a whole PF', () => {
  const text = (vnicType: VnicType) =>
    describeBinder(bindingNeed({ vnicType, profile: {} }, networkOf(vlan('physnet2'))));
  expect(text('direct')).toBe('a live NIC Switch agent that serves physnet2');
  expect(text('direct-physical')).toBeUndefined();
});

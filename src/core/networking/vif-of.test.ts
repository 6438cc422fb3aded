import { aNetwork, aPort, aSubnet } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import type { NetworkSegment } from './port.ts';
import { physicalNetworkOf, vifOf } from './vif-of.ts';

const segment = (networkType: string, physicalNetwork: string | null): NetworkSegment => ({
  networkType,
  physicalNetwork,
  segmentationId: 1,
});

const networks = [
  { name: 'a provider network', given: [segment('vlan', 'physnet1')], gives: 'physnet1' },
  {
    name: 'several segments: the first with a physical network',
    given: [segment('vxlan', null), segment('vlan', 'physnet2'), segment('vlan', 'physnet1')],
    gives: 'physnet2',
  },
  { name: 'a tunnelled network', given: [segment('vxlan', null)], gives: null },
  {
    name: 'several tunnels',
    given: [segment('vxlan', null), segment('geneve', null)],
    gives: null,
  },
  { name: 'a GRE network', given: [segment('gre', null)], gives: null },
  { name: 'a local network', given: [segment('local', null)], gives: null },
  {
    name: 'a tunnel behind the physical segment',
    given: [segment('flat', 'physnet1'), segment('geneve', null)],
    gives: 'physnet1',
  },
  { name: 'no visible segment', given: [], gives: null },
];

test.each(networks)('physical network of $name', ({ given, gives }) => {
  expect(physicalNetworkOf(aNetwork({ segments: given }))).toBe(gives);
});

test('a VIF has the values of the bound port, and the subnets of its addresses', () => {
  const fixedIps = [{ subnetId: 'v4', ipAddress: '10.42.0.7' }];
  const port = aPort({ profile: { pci_slot: '0000:01:10.0' }, fixedIps });
  const subnets = [aSubnet({ id: 'v4' }), aSubnet({ id: 'other' })];
  expect(vifOf(port, aNetwork({ subnets }), 'nic1')).toEqual({
    portId: port.id,
    macAddress: 'fa:16:3e:5b:10:01',
    vnicType: 'direct',
    vifType: 'hw_veb',
    details: { vlan: '42' },
    profile: { pci_slot: '0000:01:10.0' },
    network: {
      id: 'b2a7e0c4-55d1-4c51-9a77-3f0f1a2b3c4d',
      name: 'red',
      mtu: 1500,
      bridge: null,
      subnets: [aSubnet({ id: 'v4' })],
    },
    fixedIps,
    devName: 'tap6d0f5f54-9a',
    tag: 'nic1',
  });
});

const bridges = [
  { vifType: 'bridge', vifDetails: {}, gives: 'brqb2a7e0c4-55' },
  { vifType: 'bridge', vifDetails: { bridge_name: 'br-lan' }, gives: 'br-lan' },
  { vifType: 'ovs', vifDetails: {}, gives: 'br-int' },
  { vifType: 'ovs', vifDetails: { bridge_name: 'trunk-bridge-long' }, gives: 'trunk-bridge-l' },
  { vifType: 'hw_veb', vifDetails: { bridge_name: 'br-lan' }, gives: null },
];

test.each(bridges)('bridge of vif_type $vifType with $vifDetails', ({ gives, ...port }) => {
  expect(vifOf(aPort(port), aNetwork(), null).network.bridge).toBe(gives);
});

import { expect, test } from 'vitest';
import type { Network, NetworkSegment } from '../networking/port.ts';
import { networkNeeds } from './network-needs.ts';

const vlan = (physicalNetwork: string): NetworkSegment => ({
  networkType: 'vlan',
  physicalNetwork,
  segmentationId: 42,
});
const vxlan: NetworkSegment = { networkType: 'vxlan', physicalNetwork: null, segmentationId: 7 };
const aNetwork = (...segments: NetworkSegment[]) => ({ id: 'net-1', segments }) as Network;

const rows = [
  { name: 'no network', given: [], gives: { physicalNetworks: [], isTunneled: false } },
  {
    name: 'physical networks, sorted and without duplicates',
    given: [aNetwork(vlan('red')), aNetwork(vlan('blue')), aNetwork(vlan('red'))],
    gives: { physicalNetworks: ['blue', 'red'], isTunneled: false },
  },
  {
    name: 'a tunnelled network beside a vlan',
    given: [aNetwork(vxlan), aNetwork(vlan('red'))],
    gives: { physicalNetworks: ['red'], isTunneled: true },
  },
  {
    name: 'the first segment with a physical network',
    given: [aNetwork(vxlan, vlan('red'), vlan('blue'))],
    gives: { physicalNetworks: ['red'], isTunneled: false },
  },
];

for (const { name, given, gives } of rows) {
  test(`the scheduler gets ${name}`, () => {
    expect(networkNeeds(given)).toEqual(gives);
  });
}

test.each([
  { type: 'vxlan', gives: true },
  { type: 'gre', gives: true },
  { type: 'geneve', gives: true },
  { type: 'vlan', gives: false },
  { type: 'flat', gives: false },
])('a network of type $type is tunnelled: $gives', ({ type, gives }) => {
  expect(networkNeeds([aNetwork({ ...vxlan, networkType: type })]).isTunneled).toBe(gives);
});

test('a network without segments, as a user reads it, needs nothing', () => {
  expect(networkNeeds([aNetwork()])).toEqual({ physicalNetworks: [], isTunneled: false });
});

test('segments without any physical network are refused, naming the network', () => {
  expect(() => networkNeeds([aNetwork(vxlan, vxlan)])).toThrow(
    expect.objectContaining({
      kind: 'invalid',
      message: 'network net-1: none of its 2 segments has a provider:physical_network',
      detail: 'no_physical_network_in_segments',
    }),
  );
});

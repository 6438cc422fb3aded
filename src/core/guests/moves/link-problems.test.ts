import { expect, test } from 'vitest';
import { linkProblems, type UnderNic } from './link-problems.ts';

const at = (name: string, mtu: number) => ({ name, found: { mtu, uplinks: [] } });
const absent = (name: string) => ({ name, found: null });
const bridge = (mtu: number) => ({
  name: 'br0',
  found: { mtu: 1500, uplinks: [{ name: 'enp3s0', mtu }] },
});
const tooSmall = (name: string) =>
  `${name} has 1500, the network of port p needs 9000: ip link set ${name} mtu 9000`;

const cases: { name: string; under: UnderNic; mtu?: number; gives: string[] }[] = [
  {
    name: 'PF and VF with the MTU of the network',
    under: { kind: 'functions', interfaces: [at('pf', 9000), at('vf', 9000)] },
    gives: [],
  },
  {
    name: 'a PF and a VF below it',
    under: { kind: 'functions', interfaces: [at('pf', 1500), at('vf', 1500)] },
    gives: [`mtu: ${tooSmall('pf')}`, `mtu: ${tooSmall('vf')}`],
  },
  {
    name: 'a network whose MTU is not known',
    under: { kind: 'functions', interfaces: [at('pf', 1500)] },
    mtu: 0,
    gives: [],
  },
  {
    name: 'a PF without an interface',
    under: { kind: 'functions', interfaces: [absent('pf')] },
    gives: [],
  },
  {
    name: 'a bridge whose uplink is too small',
    under: { kind: 'bridge', bridge: bridge(1500), isSwitch: false },
    gives: [`mtu: ${tooSmall('enp3s0')}`],
  },
  {
    name: 'a bridge with an uplink that is large enough, whose own MTU is that of its guests',
    under: { kind: 'bridge', bridge: bridge(9000), isSwitch: false },
    gives: [],
  },
  {
    name: 'an absent bridge',
    under: { kind: 'bridge', bridge: absent('br0'), isSwitch: false },
    gives: ['bridge: port p needs bridge br0, which is absent'],
  },
  {
    name: 'a switch, whose own MTU limits nothing',
    under: { kind: 'bridge', bridge: at('br-int', 1500), isSwitch: true },
    gives: [],
  },
  {
    name: 'an absent switch',
    under: { kind: 'bridge', bridge: absent('br-int'), isSwitch: true },
    gives: ['bridge: port p needs bridge br-int, which is absent'],
  },
  {
    name: 'an interface under a macvtap of the host',
    under: { kind: 'interface', interface: at('eth0', 1500) },
    gives: [`mtu: ${tooSmall('eth0')}`],
  },
  {
    name: 'the uplink of a bridge that is still to be made',
    under: { kind: 'uplink', physicalNetwork: 'physnet1', interface: at('eth0', 1500) },
    gives: [`mtu: ${tooSmall('eth0')}`],
  },
  {
    name: 'an uplink that is absent',
    under: { kind: 'uplink', physicalNetwork: 'physnet1', interface: absent('eth0') },
    gives: ['bridge: port p needs interface eth0, which is absent'],
  },
  {
    name: 'a physical network without an interface',
    under: { kind: 'uplink', physicalNetwork: 'physnet1', interface: null },
    gives: [
      'bridge: port p needs physical network physnet1, which has no interface in bridge_mappings',
    ],
  },
];

test.each(cases)('$name', ({ under, mtu = 9000, gives }) => {
  const failed = linkProblems('p', under, mtu);
  expect(failed.map(({ check, why }) => `${check}: ${why}`)).toEqual(gives);
});

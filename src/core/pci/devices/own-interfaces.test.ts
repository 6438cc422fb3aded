import { expect, test } from 'vitest';
import { ownInterfaces } from './own-interfaces.ts';

/** `name=port name`, `name` alone for one without, `name@dev_port`. */
function shown(text: string) {
  return text.split(' ').map((word) => {
    const [, name = '', portName, port] = /^([^=@]+)(?:=([^@]*))?(?:@(\d+))?$/.exec(word) ?? [];
    return { name, portName: portName ?? null, devPort: port === undefined ? null : Number(port) };
  });
}

test.each([
  ['a plain NIC', 'ens1f0', 'ens1f0'],
  ['a driver that reports no port names', 'ens1f0=', 'ens1f0'],
  ['sub-function and VF before the uplink', 'en3f0pf0sf88=pf0sf88 eth1=pf0vf0 p0=p0', 'p0'],
  ['the host’s PF on a DPU', 'c1pf0hpf=c1pf0 eth0=c1pf0vf0 p0=p0 pf0hpf=pf0', 'p0'],
  ['a sub-function of another controller', 'en3f0c1pf0sf4=c1pf0sf4 p0=p0', 'p0'],
  ['renamed representors', 'eth0=pf0vf0 eth1=pf0vf1 p4p1=p0', 'p4p1'],
  ['the second port of a card', 'enp3s0f1_0=pf1vf0 enp3s0f1np1=p1', 'enp3s0f1np1'],
  ['a split port', 'enp1s0np0s1=p0s1 enp1s0np0s0=p0s0', 'enp1s0np0s0 enp1s0np0s1'],
  ['ten ports behind one function', 'np10=p10 np2=p2', 'np2 np10'],
  ['old mlx5: bare numbers beside an uplink', 'eth0=0 eth1=1 ens1f0=p0', 'ens1f0'],
  ['old mlx5: bare numbers beside no name', 'eth0=0 eth1=1 ens1f0', 'ens1f0'],
  ['a bare number alone', 'ens1f0=1', 'ens1f0'],
  ['ConnectX-3', 'enp65s0d1@1 enp65s0@0', 'enp65s0 enp65s0d1'],
  ['ConnectX-3 without dev_port', 'enp65s0d1= enp65s0=', 'enp65s0 enp65s0d1'],
  ['Chelsio with four ports', 'eth7@3 eth5@1 eth4@0 eth6@2', 'eth4 eth5 eth6 eth7'],
  ['ports that were renamed', 'lan0@1 wan0@0', 'wan0 lan0'],
  ['IPoIB with a child of a partition key', 'ib0.8001@0 ib0@0', 'ib0 ib0.8001'],
  ['Solarflare EF100 with a representor', 'eth0=p0pf0vf0 enp1s0f0np0=p0', 'enp1s0f0np0'],
  ['Solarflare EF100 whose uplink has no name', 'eth0=p0pf0vf0 enp1s0f0', 'enp1s0f0'],
  ['Broadcom with a representor of a VF', 'eth2=pf0vf1 enp59s0f0np0=p0', 'enp59s0f0np0'],
  ['Netronome with two ports and a representor', 'eth3=pf0vf0 np1=p1 np0=p0', 'np0 np1'],
  ['a representor of another controller’s port', 'eth0=c2p1pf1vf0 p0=p0', 'p0'],
  ['a port name of another kind', 'eth0=pf0vf0 nfp0=n0', 'nfp0'],
])('%s', (_, interfaces, own) => {
  expect(ownInterfaces(shown(interfaces)).map(({ name }) => name)).toEqual(own.split(' '));
});

test('representors alone are not an interface of the device', () => {
  expect(ownInterfaces(shown('eth0=pf0vf0 pf0hpf=pf0'))).toEqual([]);
  expect(ownInterfaces([])).toEqual([]);
});

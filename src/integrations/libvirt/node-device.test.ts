import { expect, test } from 'vitest';
import { readNodeDevices } from './node-device.ts';

const none = { ifnameOf: () => null, macOf: () => null, vfNumOf: () => undefined };

/** A node device of libvirt 11 on the emulated igb host, reduced to what is read. */
const vf = `<device>
  <name>pci_0000_01_10_2</name>
  <parent>pci_0000_00_04_0</parent>
  <capability type='pci'>
    <domain>0</domain><bus>1</bus><slot>16</slot><function>2</function>
    <product id='0x10ca'>82576 Virtual Function</product>
    <vendor id='0x8086'>Intel Corporation</vendor>
    <capability type='phys_function'>
      <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </capability>
  </capability>
</device>`;

const net = `<device><name>net_enp1s0v1</name><parent>pci_0000_01_10_2</parent>
  <capability type='net'><interface>enp1s0v1</interface>
    <feature name='rx'/><feature name='tx'/><capability type='80203'/></capability></device>`;

test('a VF is read with its own address from decimal and its PF’s from hexadecimal', () => {
  const { functions, unreadable } = readNodeDevices([vf, net], {
    ifnameOf: (address) => (address === '0000:01:00.0' ? 'enp1s0' : 'enp1s0v1'),
    macOf: () => '52:54:00:aa:00:01',
    vfNumOf: () => 1,
  });
  expect(unreadable).toEqual([]);
  expect(functions).toEqual([
    {
      nodeName: 'pci_0000_01_10_2',
      address: '0000:01:10.2',
      vendorId: '8086',
      productId: '10ca',
      deviceType: 'type-VF',
      parentAddress: '0000:01:00.0',
      numaNode: null,
      ifname: 'enp1s0v1',
      parentIfname: 'enp1s0',
      macAddress: null,
      capabilities: {
        network: ['rx', 'tx'],
        sriov: { pfMacAddress: '52:54:00:aa:00:01', vfNum: 1 },
      },
    },
  ]);
});

const odd = [
  { name: 'an id that is not a number', given: vf.replace('0x10ca', '82576') },
  { name: 'a slot that PCI does not have', given: vf.replace('<slot>16', '<slot>99') },
  { name: 'no function', given: vf.replace('<function>2</function>', '') },
  { name: 'XML that ends too early', given: vf.slice(0, -20) },
  { name: 'something that is not a device', given: '<network/>' },
];

test.each(odd)('a node device with $name is reported and hides no other', ({ given }) => {
  const { functions, unreadable } = readNodeDevices([given, vf], none);
  expect(functions.map(({ address }) => address)).toEqual(['0000:01:10.2']);
  expect(unreadable).toHaveLength(1);
});

/** What the binding of each VIF type lacks when its NIC is refused. */
import { aVif, noOptions, portId } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import type { Vif } from '../../networking/vif.ts';
import { planGuestNic } from './plan-nic.ts';

const noBridge = { id: 'net-1', name: 'red', mtu: 1500, bridge: null };
const virtual: Partial<Vif> = { vnicType: 'normal', details: {}, profile: {} };
const code = 'missing-detail';
const lacks = (where: string, key: string) => ({
  code,
  message: `port ${portId}: ${where} lacks ${key}`,
  data: { key },
});
const noSlot = lacks('binding:profile', 'pci_slot');
const macvtap = { macvtap_source: 'eth1', macvtap_mode: 'bridge', physical_interface: 'eth1' };

const refusals: { name: string; given: Partial<Vif>; gives: object }[] = [
  ...(
    [
      ['hw_veb', 'direct'],
      ['802.1qbh', 'direct'],
      ['hostdev_physical', 'direct-physical'],
      ['ovs', 'direct'],
      ['ovs', 'vdpa'],
      ['agilio_ovs', 'virtio-forwarder'],
      ['vrouter', 'direct'],
      ['vrouter', 'virtio-forwarder'],
    ] as const
  ).map(([vifType, vnicType]) => ({
    name: `${vifType}, ${vnicType}, without a device`,
    given: { vifType, vnicType, profile: {} },
    gives: noSlot,
  })),
  {
    name: 'hw_veb without a VLAN key',
    given: { details: {} },
    gives: lacks('binding:vif_details', 'vlan'),
  },
  ...['-1', '4095', '1.5', 'red'].map((vlan) => ({
    name: `hw_veb with a VLAN of ${JSON.stringify(vlan)}`,
    given: { details: { vlan } },
    gives: {
      code: 'bad-vlan',
      message: `port ${portId}: binding:vif_details vlan ${JSON.stringify(vlan)} must be a whole number from 0 to 4094`,
    },
  })),
  {
    name: '802.1qbh without a port profile',
    given: { vifType: '802.1qbh', details: { profileid: 7 } },
    gives: lacks('binding:vif_details', 'profileid'),
  },
  {
    name: '802.1qbg without its parameters',
    given: { ...virtual, vifType: '802.1qbg' },
    gives: lacks('the VIF', 'qbg parameters'),
  },
  ...Object.keys(macvtap).map((key) => ({
    name: `macvtap without ${key}`,
    given: { ...virtual, vifType: 'macvtap', details: { ...macvtap, [key]: null } },
    gives: lacks('binding:vif_details', key),
  })),
  ...['ovs', 'bridge'].map((vifType) => ({
    name: `${vifType} without a bridge`,
    given: { ...virtual, vifType, network: noBridge },
    gives: lacks('binding:vif_details', 'bridge_name'),
  })),
  ...[undefined, '', 7].map((value) => ({
    name: `vhostuser with a socket of ${JSON.stringify(value)}`,
    given: {
      ...virtual,
      vifType: 'vhostuser',
      details: { vhostuser_socket: value },
    },
    gives: lacks('binding:vif_details', 'vhostuser_socket'),
  })),
  {
    name: 'vrouter with a vnic type that it has no NIC for',
    given: { vifType: 'vrouter', vnicType: 'macvtap' },
    gives: {
      code: 'unexpected-vnic-type',
      message: `port ${portId}: vif_type vrouter has no NIC of vnic type macvtap`,
    },
  },
  {
    name: 'no VIF type',
    given: { vifType: '' },
    gives: {
      code: 'missing-vif-type',
      message: `port ${portId}: the binding has no binding:vif_type`,
    },
  },
  {
    name: 'a VIF type that is a property of every object',
    given: { vifType: 'constructor' },
    gives: {
      code: 'unexpected-vif-type',
      message: `port ${portId}: binding:vif_type "constructor" is not supported by this host (supported: hw_veb, 802.1qbh, 802.1qbg, hostdev_physical, ib_hostdev, macvtap, ovs, agilio_ovs, vrouter, bridge, ivs, tap, iovisor, midonet, vhostuser)`,
      data: { vifType: 'constructor' },
    },
  },
];

test.each(refusals)('refused: $name', ({ given, gives }) => {
  expect(planGuestNic(aVif(given), noOptions)).toEqual({ ok: false, reasons: [gives] });
});

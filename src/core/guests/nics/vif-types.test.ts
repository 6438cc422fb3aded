/** Each VIF type as the whole definition of its NIC. */
import { aVif, noOptions, portId, vf0, virtio } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import type { Vif } from '../../networking/vif.ts';
import type { GuestNic } from '../description/guest.ts';
import type { NicOptions } from './nic-frontend.ts';
import { planGuestNic } from './plan-nic.ts';

const devName = 'tap6d0f5f54-9a';
const bridge = 'br-int';
const identity = { portId, macAddress: 'fa:16:3e:5b:10:01', mtu: null, bandwidth: null };
const limited: NicOptions = {
  ...noOptions,
  extraSpecs: { 'quota:vif_inbound_average': '1000', 'quota:vif_inbound_peak': '2000' },
};
const bandwidth = { inbound: { average: '1000', peak: '2000' }, outbound: {} };
const virtual: Partial<Vif> = {
  vnicType: 'normal',
  details: {},
  profile: {},
  network: { id: 'net-1', name: 'red', mtu: 1450, bridge },
};
const unknownMtu = { id: 'net-1', name: 'red', mtu: 0, bridge: null };
const hostdev = {
  ...identity,
  kind: 'hostdev',
  address: vf0,
  vlan: null,
  portProfileId: null,
  trusted: null,
} as const;
const tap = { ...identity, kind: 'tap', devName, frontend: virtio } as const;
const forwarder = {
  vnicType: 'virtio-forwarder',
  details: { vhostuser_socket: '/run/v' },
} as const;
const socket = {
  ...identity,
  kind: 'vhostuser',
  socket: '/run/v',
  mode: 'server',
  devName,
  frontend: virtio,
} as const;
const qbg = {
  interface: 'eth1',
  managerId: '11',
  typeId: '1193047',
  version: '2',
  instanceId: '09b11c53',
};

const types: { name: string; given: Partial<Vif>; gives: GuestNic }[] = [
  {
    name: 'hw_veb, direct: limited by the flavor',
    given: {},
    gives: { ...hostdev, vlan: 42, bandwidth },
  },
  {
    name: 'hw_veb, macvtap',
    given: { vnicType: 'macvtap' },
    gives: {
      ...identity,
      kind: 'macvtap',
      address: vf0,
      vlan: 42,
      portProfileId: null,
      bandwidth,
      frontend: virtio,
    },
  },
  {
    name: 'hw_veb, with the VF’s settings from the embedded network service',
    given: { details: { vlan: '0', vf_settings: { spoof_check: true, link_state: 'auto' } } },
    gives: { ...hostdev, vlan: 0, bandwidth, vf: { spoofCheck: true, linkState: 'auto' } },
  },
  {
    name: '802.1qbh, direct',
    given: { vifType: '802.1qbh', details: { profileid: 'gold' } },
    gives: { ...hostdev, portProfileId: 'gold', bandwidth },
  },
  {
    name: '802.1qbh, macvtap',
    given: { vnicType: 'macvtap', vifType: '802.1qbh', details: { profileid: 'gold' } },
    gives: {
      ...identity,
      kind: 'macvtap',
      address: vf0,
      vlan: null,
      portProfileId: 'gold',
      bandwidth,
      frontend: virtio,
    },
  },
  {
    name: '802.1qbg: the parameters of the switch port',
    given: { ...virtual, vifType: '802.1qbg', qbg },
    gives: { ...identity, ...qbg, kind: 'qbg', bandwidth, frontend: virtio },
  },
  {
    name: 'ib_hostdev: the device as it is',
    given: { vifType: 'ib_hostdev' },
    gives: { ...identity, kind: 'hostdev-physical', address: vf0 },
  },
  {
    name: 'macvtap over an interface of the host, always virtio',
    given: {
      ...virtual,
      vifType: 'macvtap',
      details: {
        macvtap_source: 'eth1.7',
        macvtap_mode: 'bridge',
        physical_interface: 'eth1',
      },
    },
    gives: {
      ...identity,
      kind: 'interface-macvtap',
      interface: 'eth1.7',
      mode: 'bridge',
      bandwidth,
      frontend: virtio,
    },
  },
  {
    name: 'ovs, direct: no VLAN and no limit on a VF that flows steer',
    given: { vifType: 'ovs' },
    gives: hostdev,
  },
  {
    name: 'ovs, vdpa',
    given: { vnicType: 'vdpa', vifType: 'ovs' },
    gives: { ...identity, kind: 'vdpa', address: vf0 },
  },
  {
    name: 'ovs, normal',
    given: { ...virtual, vifType: 'ovs' },
    gives: {
      ...identity,
      kind: 'ovs',
      bridge,
      devName,
      interfaceId: portId,
      mtu: 1450,
      bandwidth,
      frontend: virtio,
    },
  },
  {
    name: 'ovs, behind a firewall bridge, which its agent makes',
    given: { ...virtual, vifType: 'ovs', details: { ovs_hybrid_plug: true } },
    gives: {
      ...identity,
      kind: 'bridge',
      bridge: 'qbr6d0f5f54-9a',
      devName,
      wiring: null,
      mtu: 1450,
      bandwidth,
      frontend: virtio,
    },
  },
  {
    name: 'agilio_ovs, direct: as on ovs',
    given: { vifType: 'agilio_ovs' },
    gives: hostdev,
  },
  {
    name: 'agilio_ovs, forwarded',
    given: { ...forwarder, vifType: 'agilio_ovs' },
    gives: socket,
  },
  { name: 'vrouter, direct', given: { vifType: 'vrouter' }, gives: hostdev },
  {
    name: 'vrouter, normal: a tap that its agent connects',
    given: { ...virtual, vifType: 'vrouter' },
    gives: { ...tap, madeByUs: false, mtu: 1450, bandwidth },
  },
  {
    name: 'vrouter, forwarded',
    given: { ...forwarder, vifType: 'vrouter' },
    gives: socket,
  },
  {
    name: 'bridge, made by another program',
    given: { ...virtual, vifType: 'bridge' },
    gives: {
      ...identity,
      kind: 'bridge',
      bridge,
      devName,
      wiring: null,
      mtu: 1450,
      bandwidth,
      frontend: virtio,
    },
  },
  {
    name: 'bridge, made here and joined to a VLAN',
    given: {
      ...virtual,
      vifType: 'bridge',
      details: { bridge_wiring: { physical_network: 'physnet1', vlan: 7 } },
    },
    gives: {
      ...identity,
      kind: 'bridge',
      bridge,
      devName,
      wiring: { physicalNetwork: 'physnet1', vlan: 7 },
      mtu: 1450,
      bandwidth,
      frontend: virtio,
    },
  },
  {
    name: 'bridge, made here and joined to nothing',
    given: {
      ...virtual,
      vifType: 'bridge',
      details: { bridge_wiring: { physical_network: null, vlan: null } },
    },
    gives: {
      ...identity,
      kind: 'bridge',
      bridge,
      devName,
      wiring: { physicalNetwork: null, vlan: null },
      mtu: 1450,
      bandwidth,
      frontend: virtio,
    },
  },
  {
    name: 'ivs: a tap that its agent connects',
    given: { ...virtual, vifType: 'ivs' },
    gives: { ...tap, madeByUs: false, mtu: 1450, bandwidth },
  },
  {
    name: 'ivs, behind a firewall bridge',
    given: { ...virtual, vifType: 'ivs', details: { ovs_hybrid_plug: true } },
    gives: {
      ...identity,
      kind: 'bridge',
      bridge: 'qbr6d0f5f54-9a',
      devName,
      wiring: null,
      mtu: 1450,
      bandwidth,
      frontend: virtio,
    },
  },
  {
    name: 'tap: made here, without a limit',
    given: { ...virtual, vifType: 'tap' },
    gives: { ...tap, madeByUs: true, mtu: 1450 },
  },
  {
    name: 'tap, of a network whose MTU is unknown',
    given: { ...virtual, vifType: 'tap', network: unknownMtu },
    gives: { ...tap, madeByUs: true },
  },
  {
    name: 'iovisor: limited, with the hypervisor’s MTU',
    given: { ...virtual, vifType: 'iovisor' },
    gives: { ...tap, madeByUs: false, bandwidth },
  },
  {
    name: 'midonet: not limited',
    given: { ...virtual, vifType: 'midonet' },
    gives: { ...tap, madeByUs: false },
  },
  {
    name: 'vhostuser: the hypervisor serves the socket unless the binding says client',
    given: { ...virtual, vifType: 'vhostuser', details: { vhostuser_socket: '/run/v' } },
    gives: socket,
  },
  {
    name: 'vhostuser, client',
    given: {
      ...virtual,
      vifType: 'vhostuser',
      details: { vhostuser_socket: '/run/v', vhostuser_mode: 'client' },
    },
    gives: { ...socket, mode: 'client' },
  },
  {
    name: 'vhostuser, a port of Open vSwitch',
    given: {
      ...virtual,
      vifType: 'vhostuser',
      details: { vhostuser_socket: '/run/v', vhostuser_ovs_plug: true },
    },
    gives: { ...socket, devName: 'vhu6d0f5f54-9a' },
  },
  {
    name: 'vhostuser, on a fast path beside Open vSwitch: the usual name',
    given: {
      ...virtual,
      vifType: 'vhostuser',
      details: {
        vhostuser_socket: '/run/v',
        vhostuser_ovs_plug: true,
        vhostuser_fp_plug: true,
      },
    },
    gives: socket,
  },
];

test.each(types)('$name', ({ given, gives }) => {
  expect(planGuestNic(aVif(given), limited)).toEqual({ ok: true, nic: gives });
});

const untagged = [null, '', 0];
test.each(untagged)('a VLAN of %j is no VLAN tag', (vlan) => {
  const verdict = planGuestNic(aVif({ details: { vlan } }), noOptions);
  expect(verdict).toMatchObject({ ok: true, nic: { vlan: null } });
});

test.each([
  { given: '0', gives: 0 },
  { given: '4094', gives: 4094 },
  { given: 1, gives: 1 },
])('a VLAN of $given is a tag', ({ given, gives }) => {
  const verdict = planGuestNic(aVif({ details: { vlan: given } }), noOptions);
  expect(verdict).toMatchObject({ ok: true, nic: { vlan: gives } });
});

test.each([
  { name: 'not named', vnicType: 'direct', trusted: undefined, gives: null },
  { name: 'true', vnicType: 'direct', trusted: true, gives: true },
  { name: 'false', vnicType: 'direct', trusted: false, gives: false },
  { name: 'the text yes', vnicType: 'direct', trusted: 'yes', gives: true },
  { name: 'the text no', vnicType: 'direct', trusted: 'no', gives: false },
  { name: 'a number', vnicType: 'direct', trusted: 1, gives: false },
  { name: 'true on a type without trust', vnicType: 'remote-managed', trusted: true, gives: null },
] as const)('the trust of a VF: $name', ({ vnicType, trusted, gives }) => {
  const profile = { pci_slot: vf0, ...(trusted !== undefined && { trusted }) };
  const verdict = planGuestNic(aVif({ vnicType, profile }), noOptions);
  expect(verdict).toMatchObject({ ok: true, nic: { kind: 'hostdev', trusted: gives } });
});

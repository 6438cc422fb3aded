import { aVif, noOptions, portId, vf0 } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import type { Vif } from '../../networking/vif.ts';
import type { GuestNic } from '../description/guest.ts';
import type { NicOptions } from './nic-frontend.ts';
import { planGuestNic } from './plan-nic.ts';

const virtual: Partial<Vif> = { vnicType: 'normal', details: {}, profile: {} };
const onBridge = (bridge: string | null) => ({ id: 'net-1', name: 'red', mtu: 1500, bridge });
const devName = 'tap6d0f5f54-9a';

const plans: { name: string; given: Partial<Vif>; gives: Partial<GuestNic> }[] = [
  {
    name: 'a trusted VF',
    given: { profile: { pci_slot: vf0, trusted: 'True' } },
    gives: { kind: 'hostdev', trusted: true },
  },
  {
    name: 'direct-physical passes the device through unchanged',
    given: { vnicType: 'direct-physical', vifType: 'hostdev_physical' },
    gives: { kind: 'hostdev-physical', address: vf0 },
  },
  {
    name: 'normal on Open vSwitch whose tap the agent must create',
    given: {
      ...virtual,
      vifType: 'ovs',
      details: { ovs_create_tap: true },
      network: onBridge('br-int'),
    },
    gives: { kind: 'tap', devName, madeByUs: true, ovs: { bridge: 'br-int', interfaceId: portId } },
  },
  {
    name: 'the hybrid firewall bridge takes precedence over a tap that the agent creates',
    given: {
      ...virtual,
      vifType: 'ovs',
      details: { ovs_create_tap: true, ovs_hybrid_plug: true },
      network: onBridge('br-int'),
    },
    gives: { kind: 'bridge', bridge: 'qbr6d0f5f54-9a' },
  },
  {
    name: 'normal on Open vSwitch whose tap libvirt creates',
    given: {
      ...virtual,
      vifType: 'ovs',
      details: { ovs_create_tap: false },
      network: onBridge('br-int'),
    },
    gives: { kind: 'ovs', bridge: 'br-int' },
  },
  {
    name: 'a vhost-user socket in front of a VF, named like any NIC',
    given: {
      ...virtual,
      vifType: 'agilio_ovs',
      vnicType: 'virtio-forwarder',
      details: { vhostuser_socket: '/run/vhu', vhostuser_ovs_plug: true },
      profile: { pci_slot: '0000:3b:00.2' },
    },
    gives: { kind: 'vhostuser', socket: '/run/vhu', devName },
  },
];

test.each(plans)('$name', ({ given, gives }) => {
  expect(planGuestNic(aVif(given), noOptions)).toMatchObject({ ok: true, nic: gives });
});

const refusals: { name: string; given: Partial<Vif>; gives: string; expected: RegExp }[] = [
  {
    name: 'a binding that failed',
    given: { vifType: 'binding_failed' },
    gives: 'unexpected-vif-type',
    expected: /"binding_failed"/,
  },
  {
    name: 'a device that is not a PCI address',
    given: { profile: { pci_slot: '01:10.0' } },
    gives: 'bad-pci-slot',
    expected: /"01:10.0"/,
  },
];

test.each(refusals)('refused: $name', ({ given, gives, expected }) => {
  const verdict = planGuestNic(aVif(given), noOptions);
  expect(verdict).toMatchObject({
    ok: false,
    reasons: [{ code: gives, message: expect.stringMatching(expected) }],
  });
});

const options: { name: string; given: Partial<NicOptions>; gives: object }[] = [
  { name: 'virtio by default', given: {}, gives: { model: 'virtio', queues: null } },
  {
    name: 'the image’s model',
    given: { imageProperties: { hw_vif_model: 'VirtualE1000' } },
    gives: { model: 'e1000', queues: null },
  },
  {
    name: 'one queue per vcpu, up to the host’s maximum',
    given: { vcpus: 4, maxQueues: 2, extraSpecs: { 'hw:vif_multiqueue_enabled': 'true' } },
    gives: { queues: 2 },
  },
  {
    name: 'no extra queues for one vcpu',
    given: { vcpus: 1, imageProperties: { hw_vif_multiqueue_enabled: 'true' } },
    gives: { queues: null },
  },
  {
    name: 'no queues for a model without multiqueue',
    given: {
      vcpus: 4,
      imageProperties: { hw_vif_model: 'e1000', hw_vif_multiqueue_enabled: 'true' },
    },
    gives: { model: 'e1000', queues: null },
  },
  {
    name: 'a packed ring with virtio',
    given: { extraSpecs: { 'hw:virtio_packed_ring': 'true' } },
    gives: { model: 'virtio', packed: true },
  },
  {
    name: 'no packed ring with another model',
    given: { imageProperties: { hw_vif_model: 'igb', hw_virtio_packed_ring: 'true' } },
    gives: { model: 'igb', packed: false },
  },
];

test.each(options)('an emulated NIC has $name', ({ given, gives }) => {
  const verdict = planGuestNic(aVif({ vnicType: 'macvtap' }), { ...noOptions, ...given });
  expect(verdict).toMatchObject({ ok: true, nic: { frontend: gives } });
});

test('a model that QEMU does not have is refused for an emulated NIC and ignored for a VF', () => {
  const xen = { ...noOptions, imageProperties: { hw_vif_model: 'netfront' } };
  expect(planGuestNic(aVif({ vnicType: 'macvtap' }), xen)).toMatchObject({
    ok: false,
    reasons: [{ code: 'unsupported-nic-model', message: expect.stringContaining('"netfront"') }],
  });
  expect(planGuestNic(aVif(), xen).ok).toBe(true);
});

test('flavor and image that disagree on queues are refused where the NIC can have queues', () => {
  const torn = {
    ...noOptions,
    vcpus: 2,
    extraSpecs: { 'hw:vif_multiqueue_enabled': 'true' },
    imageProperties: { hw_vif_multiqueue_enabled: 'false' },
  };
  expect(planGuestNic(aVif({ vnicType: 'macvtap' }), torn)).toMatchObject({
    ok: false,
    reasons: [{ code: 'flavor-image-conflict' }],
  });
  expect(planGuestNic(aVif({ vnicType: 'macvtap' }), { ...torn, vcpus: 1 }).ok).toBe(true);
});

test('flavor and image that disagree on the ring are refused for any NIC', () => {
  const torn = {
    ...noOptions,
    extraSpecs: { 'hw:virtio_packed_ring': 'true' },
    imageProperties: { hw_virtio_packed_ring: 'false' },
  };
  const expected = { ok: false, reasons: [{ code: 'flavor-image-conflict' }] };
  expect(planGuestNic(aVif({ vnicType: 'macvtap' }), torn)).toMatchObject(expected);
  expect(planGuestNic(aVif(), torn)).toMatchObject(expected);
});

const limits = [
  { name: 'none', given: {}, gives: null },
  {
    name: 'one direction; a peak without an average is ignored',
    given: { 'quota:vif_inbound_average': '1000', 'quota:vif_outbound_peak': '9' },
    gives: { inbound: { average: '1000' }, outbound: {} },
  },
];

test.each(limits)('limits of the flavor: $name', ({ given, gives }) => {
  const verdict = planGuestNic(aVif(), { ...noOptions, extraSpecs: given });
  expect(verdict).toMatchObject({ ok: true, nic: { bandwidth: gives } });
});

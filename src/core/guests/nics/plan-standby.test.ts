/** When a VF has a standby, and how that is connected. */
import { aVif, noOptions, portId, vf0 } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import type { Vif } from '../../networking/vif.ts';
import { type GuestNic, standbyOf } from '../description/guest.ts';
import type { NicOptions } from './nic-frontend.ts';
import { planGuestNic } from './plan-nic.ts';

const netId = 'b2a7e0c4-5566-4777-8888-99990000aaaa';
const network = { id: netId, name: 'red', mtu: 1450, bridge: null };
const profile = { pci_slot: vf0, physical_network: 'physnet1' };
const byFlavor: NicOptions = { ...noOptions, extraSpecs: { 'hw:sriov_failover': 'true' } };

function plan(change: Partial<Vif>, options = byFlavor): GuestNic {
  const verdict = planGuestNic(aVif({ network, profile, ...change }), options);
  if (!verdict.ok) throw new Error(verdict.reasons.map(({ message }) => message).join());
  return verdict.nic;
}

test('the standby has the MAC of its port, and the bridge that a normal port of the network has', () => {
  expect(plan({})).toMatchObject({ kind: 'hostdev', address: vf0, vlan: 42 });
  expect(standbyOf(plan({}))).toEqual({
    portId,
    macAddress: 'fa:16:3e:5b:10:01',
    mtu: 1450,
    bandwidth: null,
    kind: 'bridge',
    bridge: 'brqb2a7e0c4-55',
    devName: 'tap6d0f5f54-9a',
    wiring: { physicalNetwork: 'physnet1', vlan: 42 },
    frontend: {
      model: 'virtio',
      queues: null,
      rxQueueSize: null,
      txQueueSize: null,
      packed: false,
    },
  });
});

test('on a flat network it is untagged', () => {
  expect(standbyOf(plan({ details: { vlan: '0' } }))?.wiring).toEqual({
    physicalNetwork: 'physnet1',
    vlan: null,
  });
});

test('it is virtio whatever model the image names, with the flavor’s queues and limits', () => {
  const options = {
    ...byFlavor,
    vcpus: 4,
    extraSpecs: {
      ...byFlavor.extraSpecs,
      'hw:vif_multiqueue_enabled': 'true',
      'quota:vif_inbound_average': '1000',
    },
    imageProperties: { hw_vif_model: 'e1000' },
  };
  expect(standbyOf(plan({}, options))).toMatchObject({
    frontend: { model: 'virtio', queues: 4 },
    bandwidth: { inbound: { average: '1000' } },
  });
});

test('the port’s own flag takes precedence over the flavor’s', () => {
  expect(standbyOf(plan({ profile: { ...profile, sriov_failover: false } }))).toBeUndefined();
  const byPort = plan({ profile: { ...profile, sriov_failover: true } }, noOptions);
  expect(standbyOf(byPort)).toBeDefined();
  expect(standbyOf(plan({}, noOptions))).toBeUndefined();
});

test('the flavor’s flag concerns no other NIC', () => {
  expect(standbyOf(plan({ vnicType: 'macvtap' }))).toBeUndefined();
  const qbh = plan({ vifType: '802.1qbh', details: { profileid: 'gold' } });
  expect(standbyOf(qbh)).toBeUndefined();
});

test.each([
  {
    name: 'a port whose VIF has no standby',
    given: { vifType: '802.1qbh', details: { profileid: 'gold' } },
    more: { sriov_failover: true },
    gives:
      /requires binding:vnic_type direct and binding:vif_type hw_veb \(they are direct and 802/,
  },
  {
    name: 'a port whose binding lacks the physical network',
    given: {},
    more: { physical_network: null },
    gives: /binding:profile lacks physical_network/,
  },
])('$name is refused', ({ given, more, gives }) => {
  const vif = aVif({ network, ...given, profile: { ...profile, ...more } });
  expect(planGuestNic(vif, byFlavor)).toMatchObject({
    ok: false,
    reasons: [{ message: expect.stringMatching(gives) }],
  });
});

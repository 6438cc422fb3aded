import { NetworkAgents } from './network-agents.ts';
import { aNetwork, aPort, pf0, vf0 } from '#test/hosts/guests.ts';
import { describe, expect, test } from 'vitest';
import {
  type Binding,
  type BoundDevice,
  bindChange,
  bindingProblem,
  vnicTypeProblem,
  unbindChange,
} from './port-binding.ts';

const vf: BoundDevice = {
  address: vf0,
  vendorId: '8086',
  productId: '10ca',
  deviceType: 'type-VF',
  macAddress: null,
  capabilities: {},
};

const pf: BoundDevice = {
  ...vf,
  address: pf0,
  productId: '10c9',
  deviceType: 'type-PF',
  macAddress: '52:54:00:aa:00:01',
};

const taken = { deviceId: 'server-1', deviceOwner: 'compute:nova', bindingHost: 'host-1' };
const ofVf = { pci_vendor_info: '8086:10ca', pci_slot: vf0, physical_network: 'physnet1' };

const bindings: { name: string; given: Partial<Binding>; gives: object }[] = [
  { name: 'a port without a device gets host and owner only', given: { device: null }, gives: {} },
  {
    name: 'a port without a device keeps what the user put into its profile',
    given: { device: null, port: aPort({ profile: { colour: 'green' } }) },
    gives: { profile: { colour: 'green' } },
  },
  { name: 'a VF is named in the profile', given: {}, gives: { profile: ofVf } },
  {
    name: 'the physical network is sent even when it is absent',
    given: { physicalNetwork: null },
    gives: { profile: { ...ofVf, physical_network: null } },
  },
  {
    name: 'keys of the user stay, keys of an earlier binding are replaced',
    given: { port: aPort({ profile: { colour: 'green', pci_slot: '0000:03:00.0' } }) },
    gives: { profile: { ...ofVf, colour: 'green' } },
  },
  {
    name: 'a VF is described with what is known of its card',
    given: {
      device: {
        ...vf,
        capabilities: {
          sriov: { pfMacAddress: '52:54:00:aa:00:01', vfNum: 0 },
          vpd: { cardSerialNumber: 'MT2042X12345' },
          network: ['rx'],
        },
      },
    },
    gives: {
      profile: {
        ...ofVf,
        pf_mac_address: '52:54:00:aa:00:01',
        vf_num: 0,
        card_serial_number: 'MT2042X12345',
        capabilities: ['rx'],
      },
    },
  },
  {
    name: 'a port with a whole PF takes the PF’s MAC',
    given: { device: pf },
    gives: {
      macAddress: '52:54:00:aa:00:01',
      profile: {
        ...ofVf,
        pci_vendor_info: '8086:10c9',
        pci_slot: pf0,
        device_mac_address: '52:54:00:aa:00:01',
      },
    },
  },
  {
    name: 'a resource request names its resource provider',
    given: { allocation: 'provider-1' },
    gives: { profile: { ...ofVf, allocation: 'provider-1' } },
  },
];

test.each(bindings)('bind: $name', ({ given, gives }) => {
  const change = bindChange({
    port: aPort(),
    serverId: 'server-1',
    zone: 'nova',
    host: 'host-1',
    device: vf,
    physicalNetwork: 'physnet1',
    ...given,
  });
  expect(change).toEqual({ ...taken, ...gives });
});

describe('unbind', () => {
  const profile = {
    ...ofVf,
    allocation: 'a',
    arq_uuid: 'b',
    card_serial_number: 'c',
    vf_num: 0,
    pf_mac_address: 'd',
    device_mac_address: 'e',
    trusted: 'true',
    colour: 'green',
  };
  const kept = { trusted: 'true', colour: 'green' };

  test('takes host, server and the keys of the binding, and leaves the user’s', () => {
    expect(unbindChange(aPort({ profile }))).toEqual({
      deviceId: '',
      deviceOwner: '',
      bindingHost: null,
      profile: kept,
    });
  });

  test('leaves the port to its server when that is only shelved', () => {
    expect(unbindChange(aPort({ profile }), { keepOwner: true })).toEqual({
      bindingHost: null,
      profile: kept,
    });
  });
});

const problems = [
  { name: 'bound with the network’s VLAN', given: {}, gives: /^no problem$/ },
  { name: 'bound without a VLAN', given: { vifDetails: {} }, gives: /^no problem$/ },
  {
    name: 'not bound',
    given: { vifType: 'binding_failed', vifDetails: {} },
    gives:
      /could not be bound on host host-1: no agent or mechanism driver .* serves vnic type direct on physical network physnet1/,
  },
  {
    name: 'bound with the VLAN of another segment',
    given: { vifDetails: { vlan: '43' } },
    gives: /bound on host host-1 with VLAN "43", but network .* is VLAN 42 on physnet1/,
  },
];

test.each(problems)('a port read back: $name', ({ given, gives }) => {
  const problem = bindingProblem(aPort(given), { host: 'host-1', network: aNetwork() });
  expect(problem?.message ?? 'no problem').toMatch(gives);
});

test('the refusal of a tunnelled network’s port names the network type', () => {
  const segments = [{ networkType: 'vxlan', physicalNetwork: null, segmentationId: 7 }];
  const problem = bindingProblem(aPort({ vifType: 'binding_failed' }), {
    host: 'host-1',
    network: aNetwork({ segments }),
  });
  expect(problem?.message).toContain('on a tunnelled network');
});

test.each([
  { agents: [], expected: 'agents on that host: none' },
  { agents: ['physnet2'], expected: 'agents on that host: NIC Switch agent (it has physnet2)' },
])('the refusal names what is needed and what exists: $expected', ({ agents, expected }) => {
  const list = agents.map((physnet) => ({
    host: 'host-1',
    kind: 'NIC Switch agent',
    isAlive: true,
    lastHeartbeat: '2026-11-23 07:34:44',
    physicalNetworks: [physnet],
    tunnelTypes: null,
  }));
  const problem = bindingProblem(aPort({ vifType: 'binding_failed' }), {
    host: 'host-1',
    network: aNetwork(),
    agents: new NetworkAgents(list, 0),
  });
  expect(problem?.message).toContain(
    `; that takes a live NIC Switch agent that serves physnet1; ${expected}`,
  );
});

test.each([
  { vnicType: 'direct', deviceType: 'type-VF', problem: undefined },
  { vnicType: 'macvtap', deviceType: 'type-VF', problem: undefined },
  { vnicType: 'direct', deviceType: 'type-PCI', problem: undefined },
  { vnicType: 'direct-physical', deviceType: 'type-PF', problem: undefined },
  { vnicType: 'normal', deviceType: null, problem: undefined },
  { vnicType: 'direct-physical', deviceType: 'type-VF', problem: 'changed to direct-physical' },
  { vnicType: 'direct', deviceType: 'type-PF', problem: 'changed to direct' },
  { vnicType: 'vdpa', deviceType: 'type-VF', problem: 'changed to vdpa' },
  { vnicType: 'direct', deviceType: 'vdpa', problem: 'changed to direct' },
  { vnicType: 'normal', deviceType: 'type-VF', problem: 'changed to normal' },
  { vnicType: 'direct', deviceType: null, problem: 'changed to direct' },
] as const)(
  'a port that is $vnicType when it is read back and a device of $deviceType: $problem',
  ({ vnicType, deviceType, problem }) => {
    const device = deviceType === null ? null : { deviceType };
    const found = vnicTypeProblem({ id: 'p1', vnicType }, device);
    if (problem === undefined) expect(found).toBeUndefined();
    else
      expect(found).toBe(`port p1: its binding:vnic_type was ${problem} while it was being bound`);
  },
);

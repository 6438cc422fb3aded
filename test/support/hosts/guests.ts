/**
 * Guests, NICs, VIFs and ports for tests: each builder returns a complete and valid value, and
 * takes the fields that the test is about.
 */
import type { BridgeNic, Guest, GuestNic } from '#core/guests/description/guest.ts';
import type { NicOptions } from '#core/guests/nics/nic-frontend.ts';
import { plainFrontend } from '#core/guests/nics/nic-frontend.ts';
import type { Network, Port, Subnet } from '#core/networking/port.ts';
import type { Vif } from '#core/networking/vif.ts';
import { type PciAddress, parsePciAddress } from '#core/pci/devices/address.ts';

export const portId = '6d0f5f54-9a1c-4b7e-8b6e-0d1c6a5f7e21';
export const vf0 = parsePciAddress('0000:01:10.0');
export const vf1 = parsePciAddress('0000:01:10.2');
export const pf0 = parsePciAddress('0000:01:00.0');

const identity = { portId, macAddress: 'fa:16:3e:5b:10:01', mtu: null, bandwidth: null };

export const virtio = { ...plainFrontend, model: 'virtio' };

export function aHostdevNic(address: PciAddress, vlan: number | null = 42): GuestNic {
  return { ...identity, kind: 'hostdev', address, vlan, portProfileId: null, trusted: null };
}

export function aMacvtapNic(address: PciAddress, vlan: number | null = 42): GuestNic {
  return { ...identity, kind: 'macvtap', address, vlan, portProfileId: null, frontend: virtio };
}

export function aBridgeNic(): BridgeNic {
  return {
    ...identity,
    kind: 'bridge',
    bridge: 'brqb2a7e0c4-55',
    devName: 'tap6d0f5f54-9a',
    wiring: null,
    frontend: virtio,
  };
}

/** A VF with a standby. */
export function aFailoverNic(address: PciAddress): GuestNic {
  const wiring = { physicalNetwork: 'physnet1', vlan: 42 };
  const standby = { ...aBridgeNic(), wiring };
  return { ...aHostdevNic(address), ...{ standby } };
}

/** A tap that the agent creates. */
export function aTapNic(): GuestNic {
  return {
    ...identity,
    kind: 'tap',
    devName: 'tap6d0f5f54-9a',
    madeByUs: true,
    frontend: virtio,
  };
}

export function anOvsNic(change: { bridge: string; devName: string; portId: string }): GuestNic {
  return { ...identity, ...change, kind: 'ovs', interfaceId: change.portId, frontend: virtio };
}

export function aGuest(change: Partial<Guest> = {}): Guest {
  return {
    id: '0a1b2c3d-1111-4222-8333-444455556666',
    name: 'instance-0000002a',
    title: 'web',
    projectId: 'project-1',
    flavorName: 'm1.small',
    vcpus: 1,
    memoryMib: 512,
    diskGib: 1,
    imageId: null,
    kernel: null,
    configDrive: null,
    nics: [],
    hostDevices: [],
    ...change,
  };
}

export function aVif(change: Partial<Vif> = {}): Vif {
  return {
    portId,
    macAddress: identity.macAddress,
    vnicType: 'direct',
    vifType: 'hw_veb',
    details: { port_filter: false, vlan: '42' },
    profile: { pci_slot: vf0, pci_vendor_info: '8086:10ca', physical_network: 'physnet1' },
    network: { id: 'net-1', name: 'red', mtu: 1500, bridge: null },
    fixedIps: [],
    devName: 'tap6d0f5f54-9a',
    tag: null,
    ...change,
  };
}

export function aPort(change: Partial<Port> = {}): Port {
  return {
    id: portId,
    name: 'p1',
    networkId: 'b2a7e0c4-55d1-4c51-9a77-3f0f1a2b3c4d',
    projectId: 'project-1',
    macAddress: identity.macAddress,
    adminStateUp: true,
    status: 'ACTIVE',
    deviceId: '',
    deviceOwner: '',
    fixedIps: [],
    vnicType: 'direct',
    bindingHost: 'host-1',
    profile: {},
    vifType: 'hw_veb',
    vifDetails: { vlan: '42' },
    ...change,
  };
}

export function aNetwork(change: Partial<Network> = {}): Network {
  return {
    id: 'b2a7e0c4-55d1-4c51-9a77-3f0f1a2b3c4d',
    name: 'red',
    projectId: 'project-1',
    mtu: 1500,
    segments: [{ networkType: 'vlan', physicalNetwork: 'physnet1', segmentationId: 42 }],
    subnets: [],
    ...change,
  };
}

export function aSubnet(change: Partial<Subnet> = {}): Subnet {
  return {
    id: 'subnet-1',
    cidr: '10.42.0.0/24',
    ipVersion: 4,
    gatewayIp: '10.42.0.1',
    dnsNameservers: [],
    hostRoutes: [],
    enableDhcp: true,
    ...change,
  };
}

export const noOptions: NicOptions = {
  vcpus: 1,
  extraSpecs: {},
  imageProperties: {},
  rxQueueSize: null,
  txQueueSize: null,
  maxQueues: null,
};

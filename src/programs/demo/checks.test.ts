import { expect, test } from 'vitest';
import type { DeviceView, PoolView } from '#client/shapes/pci.ts';
import type { NicView } from '#client/shapes/explain.ts';
import { bootChecks, deleteChecks, verify } from './checks.ts';
import type { PortView } from '#client/networks.ts';
import type { Inventory, Story } from './story.ts';

const serverId = 'server-1';

function vf(host: string, address: string, held?: string): DeviceView {
  return {
    host,
    address,
    vendor_id: '8086',
    product_id: '10ca',
    dev_type: 'type-VF',
    parent_addr: '0000:01:00.0',
    numa_node: null,
    ifname: `netdev-of-${address}`,
    link: null,
    network_capabilities: null,
    card_serial_number: null,
    quarantine: null,
    replaced: null,
    tags: {},
    physical_network: 'physnet1',
    status: held === undefined ? 'available' : 'allocated',
    instance_uuid: held === undefined ? null : serverId,
    request_id: held ?? null,
  };
}

function pool(host: string, count: number): PoolView {
  return {
    host,
    vendor_id: '8086',
    product_id: '10ca',
    dev_type: 'type-VF',
    numa_node: null,
    address: '0000:01:00.0',
    tags: {},
    physical_network: 'physnet1',
    count,
  };
}

function port(name: string, slot: string | null): PortView {
  return {
    id: `id-of-${name}`,
    name,
    mac_address: `mac-of-${name}`,
    fixed_ips: [],
    device_id: slot === null ? '' : serverId,
    'binding:vnic_type': name,
    'binding:host_id': slot === null ? '' : 'h1',
    'binding:profile': slot === null ? {} : { pci_slot: slot },
    'binding:vif_type': slot === null ? 'unbound' : 'hw_veb',
    'binding:vif_details': {},
  };
}

function nic(position: number, vnicType: string, requestId: string | null): NicView {
  return {
    position,
    network_id: 'red',
    port_id: `id-of-${vnicType}`,
    vnic_type: vnicType,
    vif_type: null,
    mac_address: null,
    pci_request_id: requestId,
    pci_slot: null,
    physical_network: null,
    binding_profile: null,
  };
}

const first = '0000:01:10.0';
const second = '0000:01:10.2';
const vlan = '<vlan><tag id="42"/></vlan>';
const source = '<address domain="0x0000" bus="0x01" slot="0x10" function="0x0"/>';
const xml = `<domain><devices>
  <interface type="hostdev"><mac address="mac-of-direct"/><source>${source}</source>${vlan}</interface>
  <interface type="direct"><mac address="mac-of-macvtap"/><source dev="netdev-of-${second}"/>${vlan}</interface>
</devices></domain>`;

function inventory(held: boolean): Inventory {
  const request = (id: string): [string?] => (held ? [id] : []);
  return {
    hosts: [],
    devices: [
      vf('h1', first, ...request('request-1')),
      vf('h1', second, ...request('request-2')),
      vf('h2', first),
    ],
    pools: [pool('h1', held ? 5 : 7), pool('h2', 7)],
  };
}

/** The story of a successful journey; each test below spoils one part. */
function goodStory(): Story {
  return {
    before: inventory(false),
    redNetworkId: 'red',
    blueNetworkId: 'blue',
    ports: [port('direct', first), port('macvtap', second)],
    server: {
      id: serverId,
      name: 'web',
      status: 'ACTIVE',
      updated: '2026-01-02T03:04:05Z',
      'OS-EXT-STS:task_state': null,
      'OS-EXT-SRV-ATTR:host': 'h1',
    },
    explanation: {
      server: { id: serverId, name: 'web', status: 'ACTIVE', host: 'h1', fault: null },
      decisions: [],
      nics: [nic(0, 'direct', 'request-1'), nic(1, 'macvtap', 'request-2'), nic(2, 'normal', null)],
      pci_requests: [],
      devices: [],
      spawn_steps: [],
      live_move: null,
      domain_xml: xml,
    },
    after: inventory(true),
    end: inventory(false),
    portsAtEnd: [port('direct', null), port('macvtap', null)],
  };
}

const allChecks = [...bootChecks, ...deleteChecks];

function failedClaims(story: Story): string[] {
  return verify(allChecks, story)
    .filter((result) => result.faults.length > 0)
    .map((result) => result.claim);
}

test('every check passes for a successful journey', () => {
  expect(failedClaims(goodStory())).toEqual([]);
});

const spoiled: { name: string; spoil: (story: Story) => void; fails: RegExp }[] = [
  {
    name: 'the server is not ACTIVE',
    spoil: (story) => (story.server.status = 'BUILD'),
    fails: /ACTIVE/,
  },
  {
    name: 'a port is bound differently',
    spoil: (story) => (story.ports[1]!['binding:vif_type'] = 'binding_failed'),
    fails: /hw_veb/,
  },
  {
    name: 'a slot is not on the physical network',
    spoil: (story) => (story.before.devices[0]!.physical_network = 'physnet2'),
    fails: /pci_slot is a VF/,
  },
  {
    name: 'a slot is a PF',
    spoil: (story) => (story.before.devices[1]!.dev_type = 'type-PF'),
    fails: /pci_slot is a VF/,
  },
  {
    name: 'a device is claimed under another request',
    spoil: (story) => (story.after.devices[0]!.request_id = 'request-9'),
    fails: /PCI request/,
  },
  {
    name: 'the normal NIC has a PCI request',
    spoil: (story) => (story.explanation.nics[2]!.pci_request_id = 'request-3'),
    fails: /blue takes no device/,
  },
  {
    name: 'the XML has another VLAN',
    spoil: (story) => (story.explanation.domain_xml = xml.replace('42', '43')),
    fails: /domain XML/,
  },
  {
    name: 'the XML has another MAC',
    spoil: (story) => (story.explanation.domain_xml = xml.replace('mac-of-macvtap', 'other')),
    fails: /domain XML/,
  },
  {
    name: 'there is no XML',
    spoil: (story) => (story.explanation.domain_xml = null),
    fails: /domain XML/,
  },
  {
    name: 'a third VF left the pool',
    spoil: (story) => (story.after.pools[0]!.count = 4),
    fails: /exactly two VFs/,
  },
  {
    name: 'the pools are not restored',
    spoil: (story) => (story.end.pools[0]!.count = 6),
    fails: /unchanged/,
  },
  {
    name: 'a device stays held',
    spoil: (story) => (story.end.devices[0]!.instance_uuid = serverId),
    fails: /no device is still claimed/,
  },
  {
    name: 'a port keeps its slot',
    spoil: (story) => (story.portsAtEnd[0]!['binding:profile'] = { pci_slot: first }),
    fails: /unbound/,
  },
];
for (const { name, spoil, fails } of spoiled) {
  test(`exactly the broken check fails: ${name}`, () => {
    const story = goodStory();
    spoil(story);
    expect(failedClaims(story)).toEqual([expect.stringMatching(fails)]);
  });
}

import { expect, test } from 'vitest';
import { domainNics } from './domain-nics.ts';

test('the NICs of a domain are read with kind, MAC, VLAN and source', () => {
  const xml = `<domain type="kvm"><devices>
    <interface type="hostdev" managed="yes">
      <mac address="fa:16:3e:00:00:01"/>
      <source><address type="pci" domain="0x0000" bus="0x01" slot="0x10" function="0x2"/></source>
      <vlan><tag id="42"/></vlan>
    </interface>
    <interface type='direct'>
      <mac address='fa:16:3e:00:00:02'/><source dev='enp1s0v1' mode='passthrough'/>
    </interface>
    <interface type="bridge"><mac address="fa:16:3e:00:00:03"/></interface>
  </devices></domain>`;
  expect(domainNics(xml)).toEqual([
    { kind: 'hostdev', macAddress: 'fa:16:3e:00:00:01', vlan: 42, source: '0000:01:10.2' },
    { kind: 'direct', macAddress: 'fa:16:3e:00:00:02', vlan: null, source: 'enp1s0v1' },
    { kind: 'bridge', macAddress: 'fa:16:3e:00:00:03', vlan: null, source: null },
  ]);
});

test('an empty text has no NICs', () => {
  expect(domainNics('')).toEqual([]);
});

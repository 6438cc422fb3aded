import { aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/guests.ts';
import { expect, test } from 'vitest';
import { domainXml } from './domain-xml.ts';
import { element, printXml } from './xml.ts';

test('a guest with a VF and a macvtap becomes a q35 domain that names both', () => {
  const guest = aGuest({ nics: [aHostdevNic(vf0), aMacvtapNic(vf1)] });
  const xml = domainXml(guest, { virtType: 'kvm', macvtapSources: { [vf1]: 'enp1s0v1' } });
  expect(xml).toBe(`<domain type='kvm'>
  <name>instance-0000002a</name>
  <uuid>0a1b2c3d-1111-4222-8333-444455556666</uuid>
  <metadata>
    <novella:server xmlns:novella='urn:novella:server:1'>
      <novella:name>web</novella:name>
      <novella:flavor>m1.small</novella:flavor>
      <novella:owner project='project-1'/>
      <novella:port id='6d0f5f54-9a1c-4b7e-8b6e-0d1c6a5f7e21' mac='fa:16:3e:5b:10:01' kind='hostdev'/>
      <novella:port id='6d0f5f54-9a1c-4b7e-8b6e-0d1c6a5f7e21' mac='fa:16:3e:5b:10:01' kind='macvtap'/>
    </novella:server>
  </metadata>
  <memory unit='MiB'>512</memory>
  <vcpu placement='static'>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <cpu mode='host-model'/>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/var/lib/novella/guests/0a1b2c3d-1111-4222-8333-444455556666/disk'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <controller type='usb' model='none'/>
    <interface type='hostdev' managed='yes'>
      <mac address='fa:16:3e:5b:10:01'/>
      <source>
        <address type='pci' domain='0x0000' bus='0x01' slot='0x10' function='0x0'/>
      </source>
      <vlan>
        <tag id='42'/>
      </vlan>
    </interface>
    <interface type='direct'>
      <mac address='fa:16:3e:5b:10:01'/>
      <model type='virtio'/>
      <driver name='vhost'/>
      <source dev='enp1s0v1' mode='passthrough'/>
      <vlan>
        <tag id='42'/>
      </vlan>
    </interface>
    <serial type='pty'>
      <target port='0'/>
    </serial>
    <console type='pty'>
      <target type='serial' port='0'/>
    </console>
    <memballoon model='none'/>
  </devices>
</domain>
`);
});

test('a macvtap NIC whose VF has no interface is refused, naming port and device', () => {
  const guest = aGuest({ nics: [aMacvtapNic(vf1)] });
  expect(() => domainXml(guest, { virtType: 'kvm', macvtapSources: {} })).toThrow(
    /port 6d0f5f54.*0000:01:10.2 has no network interface/,
  );
});

const texts = [
  {
    name: 'markup is escaped',
    given: `<a b='c' & "d">`,
    gives: '&lt;a b=&apos;c&apos; &amp; &quot;d&quot;&gt;',
  },
  { name: 'what XML cannot hold is dropped', given: 'a\u0000b\u001bc\ud800', gives: 'abc' },
  { name: 'any script is kept', given: 'größe 网卡 🖧', gives: 'größe 网卡 🖧' },
];

test.each(texts)('XML text: $name', ({ given, gives }) => {
  expect(printXml(element('x', {}, [given]))).toBe(`<x>${gives}</x>\n`);
  expect(printXml(element('x', { y: given }))).toBe(`<x y='${gives}'/>\n`);
});

test('a pinned guest of two cells names host processor and node of each', () => {
  const numa = [
    { node: 1, vcpus: 2, memoryMib: 256, cpus: [4, 6] },
    { node: 0, vcpus: 1, memoryMib: 256, cpus: [1] },
  ];
  const xml = domainXml(aGuest({ vcpus: 3, numa }), { virtType: 'kvm', macvtapSources: {} });
  expect(xml).toContain(`  <cputune>
    <vcpupin vcpu='0' cpuset='4'/>
    <vcpupin vcpu='1' cpuset='6'/>
    <vcpupin vcpu='2' cpuset='1'/>
  </cputune>
  <numatune>
    <memory mode='strict' nodeset='1,0'/>
    <memnode cellid='0' mode='strict' nodeset='1'/>
    <memnode cellid='1' mode='strict' nodeset='0'/>
  </numatune>
`);
  expect(xml).toContain(`  <cpu mode='host-model'>
    <numa>
      <cell id='0' cpus='0-1' memory='256' unit='MiB'/>
      <cell id='1' cpus='2' memory='256' unit='MiB'/>
    </numa>
  </cpu>
`);
});

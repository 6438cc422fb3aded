import type { GuestNic } from '#core/guests/description/guest.ts';
import {
  aFailoverNic,
  aGuest,
  aHostdevNic,
  aMacvtapNic,
  aTapNic,
  vf0,
  vf1,
  virtio,
} from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { type DomainOptions, domainXml } from './domain-xml.ts';
import { element, printXml } from './xml.ts';

test.each([
  { diskBus: 'sata', drive: 'sdb', controllers: 0 },
  { diskBus: 'scsi', drive: 'sdb', controllers: 1 },
  { diskBus: 'virtio', drive: 'sda', controllers: 0 },
] as const)('an image may require its machine type and its disk bus: $diskBus', (row) => {
  const { diskBus, drive, controllers } = row;
  const guest = aGuest({ hardware: { machine: 'pc-q35-9.2', diskBus }, configDrive: [] });
  const xml = domainXml(guest, { virtType: 'kvm', nicSources: {} });
  expect(xml).toContain(`<type arch='x86_64' machine='pc-q35-9.2'>hvm</type>`);
  expect(xml).toContain(`<target dev='${diskBus === 'virtio' ? 'vda' : 'sda'}' bus='${diskBus}'/>`);
  expect(xml).toContain(`<target dev='${drive}' bus='sata'/>`);
  expect(xml.match(/model='virtio-scsi'/g) ?? []).toHaveLength(controllers);
});

test.each([
  { diskBus: 'virtio', disks: ['vda', 'vdb'], drive: 'sda' },
  { diskBus: 'sata', disks: ['sda', 'sdb'], drive: 'sdc' },
] as const)('a guest in rescue has the rescue disk first: $diskBus', (row) => {
  const { diskBus, disks, drive } = row;
  const guest = aGuest({
    imageId: 'i',
    kernel: { imageId: 'k', ramdiskImageId: 'r', commandLine: 'quiet' },
    configDrive: [],
    nics: [aHostdevNic(vf0)],
  });
  const rescue = { imageId: 'rescue', kernel: null, hardware: { machine: 'q35', diskBus } };
  const options = { virtType: 'kvm', nicSources: {} } as const;
  const xml = domainXml({ ...guest, rescue }, options);
  const files = [...xml.matchAll(/<source file='[^']*\/([^/']+)'\/>\s*<target dev='(\w+)'/g)];
  expect(files.map(([, file, dev]) => `${file} ${dev}`)).toEqual([
    `disk.rescue ${disks[0]}`,
    `disk ${disks[1]}`,
    `config.iso ${drive}`,
  ]);
  expect(xml).not.toContain('<kernel>');
  expect(xml).toContain("<interface type='hostdev'");
  const withKernel = { ...rescue, kernel: guest.kernel };
  expect(domainXml({ ...guest, rescue: withKernel }, options)).toMatch(
    /kernel\.rescue<\/kernel>\s*<initrd>.*ramdisk\.rescue<\/initrd>/,
  );
});

test.each([
  [undefined, true, 'vga'],
  ['virtio', true, 'virtio'],
  ['none', true, undefined],
  ['virtio', false, undefined],
] as const)(
  'a display by video model %s, on a host with displays %s: %s',
  (video, displays, gives) => {
    const hardware = { machine: 'q35', diskBus: 'virtio', ...(video && { video }) } as const;
    const xml = domainXml(aGuest({ hardware }), { virtType: 'kvm', nicSources: {}, displays });
    expect(/<video>\s*<model type='(\w+)'/.exec(xml)?.[1]).toBe(gives);
    expect(xml.includes('<graphics')).toBe(gives !== undefined);
  },
);

test('a guest with a VF and a macvtap becomes a q35 domain that names both', () => {
  const guest = aGuest({ nics: [aHostdevNic(vf0), aMacvtapNic(vf1)] });
  const nicSources = { [vf1]: 'enp1s0v1' };
  const xml = domainXml(guest, { virtType: 'kvm', nicSources, sparePorts: 1 });
  expect(xml).toBe(`<domain type='kvm'>
  <name>instance-0000002a</name>
  <uuid>0a1b2c3d-1111-4222-8333-444455556666</uuid>
  <metadata>
    <novella:server xmlns:novella='urn:novella:server:1'>
      <novella:name>web</novella:name>
      <novella:flavor>m1.small</novella:flavor>
      <novella:owner project='project-1'/>
      <novella:port id='6d0f5f54-9a1c-4b7e-8b6e-0d1c6a5f7e21' mac='fa:16:3e:5b:10:01' kind='hostdev' device='0000:01:10.0' through='hostdev'/>
      <novella:port id='6d0f5f54-9a1c-4b7e-8b6e-0d1c6a5f7e21' mac='fa:16:3e:5b:10:01' kind='macvtap' device='0000:01:10.2' through='macvtap' configured='yes'/>
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
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'/>
    <controller type='pci' index='2' model='pcie-root-port'/>
    <controller type='pci' index='3' model='pcie-root-port'/>
    <controller type='pci' index='4' model='pcie-root-port'/>
    <controller type='pci' index='5' model='pcie-root-port'/>
    <controller type='pci' index='6' model='pcie-root-port'/>
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
      <log file='/var/lib/novella/guests/0a1b2c3d-1111-4222-8333-444455556666/serial.log' append='off'/>
      <target port='0'/>
    </serial>
    <console type='pty'>
      <target type='serial' port='0'/>
    </console>
    <graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'>
      <listen type='address' address='127.0.0.1'/>
    </graphics>
    <video>
      <model type='vga'/>
    </video>
    <memballoon model='none'/>
    <rng model='virtio'>
      <backend model='random'>/dev/urandom</backend>
    </rng>
  </devices>
</domain>
`);
});

const emulated: DomainOptions = { virtType: 'qemu', nicSources: {} };

test('a guest that boots its kernel directly names kernel, ramdisk and command line, and needs no disk', () => {
  const kernel = { imageId: 'image-1', ramdiskImageId: 'image-2', commandLine: 'console=ttyS0' };
  const xml = domainXml(aGuest({ kernel, diskGib: 0 }), { ...emulated, diskDirectory: '/guests' });
  expect(xml).toContain(`    <kernel>/guests/0a1b2c3d-1111-4222-8333-444455556666/kernel</kernel>
    <initrd>/guests/0a1b2c3d-1111-4222-8333-444455556666/ramdisk</initrd>
    <cmdline>console=ttyS0</cmdline>
`);
  expect(xml).not.toContain('<disk');
});

test('a config drive is a read-only CD', () => {
  const xml = domainXml(aGuest({ configDrive: [] }), { ...emulated, diskDirectory: '/guests' });
  expect(xml).toContain(`    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/>
      <source file='/guests/0a1b2c3d-1111-4222-8333-444455556666/config.iso'/>
      <target dev='sda' bus='sata'/>
      <readonly/>
    </disk>
`);
  expect(domainXml(aGuest(), emulated)).not.toContain('cdrom');
});

test('there is a PCIe port for each device, and eight more for later ones', () => {
  const portsOf = (xml: string) => xml.match(/model='pcie-root-port'/g)?.length;
  expect(portsOf(domainXml(aGuest(), emulated))).toBe(3 + 8);
  const more = aGuest({
    nics: [aHostdevNic(vf0)],
    hostDevices: [{ address: vf1, requestId: 'r' }],
  });
  expect(portsOf(domainXml(more, emulated))).toBe(5 + 8);
});

test('with KVM the processor is the host’s; an emulated one omits what is not needed', () => {
  const modeOf = (options: DomainOptions) =>
    /<cpu mode='(.*)'/.exec(domainXml(aGuest(), options))?.[1];
  expect(modeOf({ ...emulated, virtType: 'kvm' })).toBe('host-model');
  expect(modeOf({ ...emulated, virtType: 'kvm', cpuMode: 'host-passthrough' })).toBe(
    'host-passthrough',
  );
  expect(modeOf(emulated)).toBe('maximum');
});

test('with networks the domain names each port’s network, and neither VF nor VLAN', () => {
  const guest = aGuest({ nics: [aHostdevNic(vf0), aMacvtapNic(vf1)] });
  const xml = domainXml(guest, { virtType: 'kvm', nicSources: {}, networkXml: true });
  expect(xml).toContain(`    <interface type='network'>
      <mac address='fa:16:3e:5b:10:01'/>
      <source network='novella-port-6d0f5f54-9a1c-4b7e-8b6e-0d1c6a5f7e21'/>
    </interface>
    <interface type='network'>
      <mac address='fa:16:3e:5b:10:01'/>
      <model type='virtio'/>
      <driver name='vhost'/>
      <source network='novella-port-6d0f5f54-9a1c-4b7e-8b6e-0d1c6a5f7e21'/>
    </interface>
`);
  expect(xml).not.toContain('<vlan>');
});

test('a macvtap NIC whose VF has no interface is refused, naming port and device', () => {
  const guest = aGuest({ nics: [aMacvtapNic(vf1)] });
  expect(() => domainXml(guest, { virtType: 'kvm', nicSources: {} })).toThrow(
    /port 6d0f5f54.*0000:01:10.2 has no network interface/,
  );
});

const texts = [
  {
    name: 'markup is escaped',
    given: `<a b='c' & "d">`,
    gives: '&lt;a b=&apos;c&apos; &amp; &quot;d&quot;&gt;',
  },
  {
    name: 'characters that XML does not allow are dropped',
    given: 'a\u0000b\u001bc\ud800',
    gives: 'abc',
  },
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
  const xml = domainXml(aGuest({ vcpus: 3, numa }), { virtType: 'kvm', nicSources: {} });
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

test.each([
  [true, 'qemu', "<driver name='qemu' queues='4'/>"],
  [false, 'qemu', "<driver name='qemu'/>"],
  [true, 'kvm', "<driver name='vhost' queues='4'/>"],
] as const)('a multiqueue tap that we create: %s, on %s', (madeByUs, virtType, gives) => {
  const nic = { ...aTapNic(), madeByUs, frontend: { ...virtio, queues: 4 } } as GuestNic;
  const xml = domainXml(aGuest({ nics: [nic] }), { virtType, nicSources: {} });
  expect(xml).toContain(gives);
});

test('a standby comes before its VF, each with a port of the board, and the VF names it', () => {
  const options = { virtType: 'kvm', nicSources: {}, sparePorts: 0 } as const;
  const ports = (xml: string) => xml.match(/model='pcie-root-port'/g)?.length ?? 0;
  const plain = domainXml(aGuest({ nics: [aHostdevNic(vf0)] }), options);
  const xml = domainXml(aGuest({ nics: [aFailoverNic(vf0)] }), options);
  expect(ports(xml)).toBe(ports(plain) + 1);
  const nics = xml.match(/<interface [\s\S]*?<\/interface>/g) ?? [];
  expect(nics.map((nic) => /type='(\w+)'/.exec(nic)?.[1])).toEqual(['bridge', 'hostdev']);
  const alias = /<alias name='([^']+)'/.exec(nics[0] ?? '')?.[1];
  expect(alias).toMatch(/^ua-/);
  expect(nics[0]).toContain("<teaming type='persistent'/>");
  expect(nics[1]).toContain(`<teaming type='transient' persistent='${alias}'/>`);
  expect(xml.match(/<mac address='fa:16:3e:5b:10:01'/g)).toHaveLength(2);
  expect(xml.match(/<novella:port /g)).toHaveLength(1);
});

/** The XML of a guest on its way to another host. */
import { describe, expect, test } from 'vitest';
import { arrivalXml } from './arrival-xml.ts';
import { hardwareOf } from './running-hardware.ts';

const nic = (mac: string, type: string, source: string, more = '') =>
  `<interface type='${type}'><mac address='${mac}'/><source ${source}/>${more}<model type='virtio'/></interface>`;

interface Described {
  folder: string;
  nics: string[];
  more?: string;
  title?: string;
}

const domain = ({ folder, nics, more = '', title = 'web' }: Described) => `<domain type='kvm'>
  <name>instance-1</name>
  <metadata><novella:server xmlns:novella='urn:novella:server:1'><novella:name>${title}</novella:name></novella:server></metadata>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><kernel>${folder}/kernel</kernel><boot dev='hd'/></os>
  <cpu mode='custom' match='exact'><model>Skylake</model></cpu>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${folder}/disk'/>${more}<target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><source file='${folder}/config.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
    ${nics.join('\n    ')}
    <serial type='pty'><log file='${folder}/serial.log' append='off'/><target port='0'/></serial>
    <console type='pty'><log file='${folder}/serial.log' append='off'/><target type='serial' port='0'/></console>
  </devices>
</domain>`;

const [mac1, mac2] = ['fa:16:3e:00:00:01', 'fa:16:3e:00:00:02'];
const on = (folder: string, ...nics: string[]) => domain({ folder, nics });

test('files, metadata and what is under NICs are those of the new host; all else stays', () => {
  const running = domain({
    folder: '/a',
    title: 'a &amp; &lt;b&gt; &#x2603; &apos;c&apos;',
    more: "<backingStore type='file'><source file='/a/images/x.raw'/></backingStore>",
    nics: [nic(mac1, 'direct', "dev='enp1s0v0' mode='passthrough'")],
  });
  const defined = domain({
    folder: '/b',
    title: 'there',
    nics: [
      nic('FA:16:3e:00:00:01', 'direct', "dev='enp1s0v2' mode='passthrough'"),
      nic(mac2, 'hostdev', ''),
    ],
  });
  const arriving = arrivalXml(running, defined);
  expect(arriving).not.toContain('/a/');
  expect(arriving).not.toContain('backingStore');
  for (const part of [
    '<source file="/b/disk"',
    '<source file="/b/config.iso"',
    '<kernel>/b/kernel</kernel>',
    'dev="enp1s0v2"',
    '<novella:name>there</novella:name>',
    '<boot dev="hd"',
    '<model>Skylake</model>',
  ]) {
    expect(arriving).toContain(part);
  }
  // Its console's text was copied, and is not to be emptied.
  expect(arriving.match(/append="on"/g)).toHaveLength(2);
  expect(arriving).not.toContain('hostdev');
});

test('texts of people survive as they are', () => {
  const title = 'a &amp; &lt;b&gt; &#x2603; &apos;c&apos;';
  const arriving = arrivalXml(on('/a'), domain({ folder: '/b', nics: [], title }));
  expect(arriving).toContain(`<novella:name>${title}</novella:name>`);
});

test('NICs with one MAC on two networks keep their order, whatever their kinds', () => {
  const networks = (...names: string[]) =>
    names.map((name) => nic(mac1, 'bridge', `bridge='${name}'`));
  const macvtap = nic(mac1, 'direct', "dev='v9'");
  const arriving = arrivalXml(
    on('/a', ...networks('one', 'two'), nic(mac1, 'direct', "dev='v1'")),
    on('/b', macvtap, ...networks('three', 'four')),
  );
  const sources = [...arriving.matchAll(/<source (?:bridge|dev)="(\w+)"/g)].map(([, name]) => name);
  expect(sources).toEqual(['three', 'four', 'v9']);
});

test('a VF inside the guest, and a device that no port has, are those of the new host', () => {
  const at = (slot: string) =>
    `<address type='pci' domain='0x0000' bus='0x3b' slot='${slot}' function='0x0'/>`;
  const device = (slot: string) =>
    `<hostdev mode='subsystem' type='pci' managed='yes'><driver name='vfio'/><source>${at(slot)}</source><alias name='hostdev0'/></hostdev>`;
  const vf = (slot: string) =>
    `<interface type='hostdev' managed='yes'><mac address='${mac1}'/><source>${at(slot)}</source><vlan><tag id='42'/></vlan></interface>`;
  const arriving = arrivalXml(
    on('/a', vf('0x01'), device('0x02'), device('0x03')),
    on('/b', vf('0x11'), device('0x12'), device('0x13')),
  );
  const slots = [...arriving.matchAll(/slot="(0x\w+)"/g)].map(([, slot]) => slot);
  expect(slots).toEqual(['0x11', '0x12', '0x13']);
  expect(arriving.match(/<driver name="vfio"/g)).toHaveLength(2);
  expect(() => arrivalXml(on('/a', device('0x02')), on('/b'))).toThrow('fewer host devices');
});

test('a VF and its standby stay a pair, each with what the new host has', () => {
  const pair = (bridge: string, slot: string) => [
    nic(
      mac1,
      'bridge',
      `bridge='${bridge}'`,
      "<teaming type='persistent'/><alias name='ua-standby-1'/>",
    ),
    `<interface type='hostdev' managed='yes'><mac address='${mac1}'/><source><address type='pci' domain='0x0000' bus='0x01' slot='${slot}' function='0x0'/></source><teaming type='transient' persistent='ua-standby-1'/></interface>`,
  ];
  const arriving = arrivalXml(on('/a', ...pair('one', '0x10')), on('/b', ...pair('two', '0x11')));
  expect(arriving).not.toMatch(/"one"|0x10/);
  for (const part of [
    'bridge="two"',
    'slot="0x11"',
    '<teaming type="persistent"',
    '<alias name="ua-standby-1"',
    '<teaming type="transient" persistent="ua-standby-1"',
  ]) {
    expect(arriving.split(part)).toHaveLength(2);
  }
});

describe('refused with what is missing', () => {
  test.each([
    ['a NIC', on('/a', nic(mac1, 'direct', "dev='v1'")), on('/b'), mac1],
    [
      'another kind of NIC',
      on('/a', nic(mac1, 'direct', '')),
      on('/b', nic(mac1, 'bridge', '')),
      mac1,
    ],
    ['a disk', on('/a'), on('/b').replace("dev='vda'", "dev='vdb'"), 'vda'],
    ['the domain', '<x/>', on('/b'), 'no domain'],
  ])('%s', (_what, running, defined, named) => {
    expect(() => arrivalXml(running, defined)).toThrow(named);
  });
});

describe('what the new host must have', () => {
  test('machine, accelerator, and a processor to compare', () => {
    expect(hardwareOf(on('/a'))).toMatchObject({
      machine: 'pc-q35-7.2',
      virtType: 'kvm',
      hasDisk: true,
    });
    expect(hardwareOf(on('/a')).cpu).toContain('<model>Skylake</model></cpu>');
  });

  test.each(['host-passthrough', 'maximum'])('a processor %s is not compared', (mode) => {
    const xml = on('/a').replace("mode='custom'", `mode='${mode}'`);
    expect(hardwareOf(xml).cpu).toBeNull();
  });

  test.each([
    '<cpu ',
    "<cpu mode='custom'>",
    '<cpu >',
    '<disk ',
    '<disk >',
    "<type machine='",
    '<domain ',
  ])('a long text of %s takes no time', (part) => {
    const started = performance.now();
    hardwareOf(part.repeat(1_000_000 / part.length));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

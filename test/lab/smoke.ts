/** Shows that the lab itself works: `node test/lab/smoke.ts` starts the host and hand-made guests and says how long each step took. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { guestConsole, type GuestReport } from './guest-console.ts';
import { type LabHost, startLabHost } from './host.ts';
import { hostImage } from './image.ts';
import { labDevices } from './machine.ts';

interface GuestWish {
  name: string;
  uuid: string;
  macAddress: string;
  ipAddress: string;
  vfAddress: string;
  /** How the config drive is shown. */
  drive: 'cdrom' | 'disk';
  more?: string;
}

const first: GuestWish = {
  name: 'first',
  uuid: '4dd2f2c5-2f0f-4f66-a1d5-1f26b0bbd001',
  macAddress: '52:54:00:6d:90:02',
  ipAddress: '10.42.0.5',
  vfAddress: '0000:01:10.0',
  drive: 'cdrom',
  more: hostdevXml(labDevices.nvme.address),
};
const second: GuestWish = {
  name: 'second',
  uuid: '4dd2f2c5-2f0f-4f66-a1d5-1f26b0bbd002',
  macAddress: '52:54:00:6d:90:03',
  ipAddress: '10.42.0.6',
  vfAddress: '0000:02:10.2',
  drive: 'disk',
};
const third = { macAddress: '52:54:00:6d:90:04', vfAddress: '0000:01:10.4' };

await step('image', () => hostImage());
const host = await step('host ready', () => startLabHost());
try {
  await story(host);
} finally {
  if (process.argv.includes('--console')) process.stdout.write(host.consoleTail(200));
  await step('stopped', () => host.stop());
}

async function story(host: LabHost): Promise<void> {
  await step('four VFs of each PF', () => makeVfs(host));
  const [one, two] = await step('two guests running', async () => [
    await startGuest(host, first),
    await startGuest(host, second),
  ]);
  const ready = await step('first guest ready', () => one.waitFor({ what: 'READY' }));
  assert.equal(ready['uuid'], first.uuid);
  await step('second guest ready', () => two.waitFor({ what: 'READY' }));
  for (const [console, guest] of [
    [one, first],
    [two, second],
  ] as const) {
    const nic = (await console.reports()).find(({ what }) => what === 'NIC');
    assert.equal(nic?.['mac'], guest.macAddress);
    assert.equal(nic?.['driver'], 'igbvf');
    assert.equal(nic?.['addr'], `${guest.ipAddress}/24`);
  }
  const disks = await step('disks', () => one.command('disks'));
  assert.ok(
    disks.some(({ text }) => text === labDevices.nvme.text),
    JSON.stringify(disks),
  );
  await step('ping', async () => hears(await one.command(`ping ${second.ipAddress}`), '4/4'));
  await step('hot-plug', async () => {
    writeFileSync(join(host.shareDirectory, 'plug.xml'), interfaceXml(third));
    await host.mustRun('virsh attach-device first /mnt/share/plug.xml --live');
    await one.waitFor({ what: 'NIC', mac: third.macAddress });
  });
  await step('unplug', async () => {
    await host.mustRun('virsh detach-device first /mnt/share/plug.xml --live');
    await one.waitFor({ what: 'NIC-GONE', mac: third.macAddress });
  });
  await step('power button', async () => {
    await host.mustRun('virsh shutdown first');
    await one.waitFor({ what: 'POWER-BUTTON' });
    await host.mustRun(`until [ "$(virsh domstate first)" = 'shut off' ]; do sleep 0.2; done`);
  });
  await step('poweroff command', async () => {
    await two.type('poweroff');
    await host.mustRun(`until [ "$(virsh domstate second)" = 'shut off' ]; do sleep 0.2; done`);
  });
}

async function makeVfs(host: LabHost): Promise<void> {
  for (const pf of labDevices.pfs) {
    const device = `/sys/bus/pci/devices/${pf.address}`;
    await host.mustRun(`ip link set ${pf.interface} up; echo 4 > ${device}/sriov_numvfs`);
    const names = await host.mustRun(`readlink ${device}/virtfn*`);
    assert.equal(names.trim().split('\n').length, 4);
  }
}

async function startGuest(host: LabHost, guest: GuestWish) {
  const folder = join(host.shareDirectory, guest.name);
  mkdirSync(join(folder, 'drive/openstack/latest'), { recursive: true });
  const write = (name: string, content: unknown) =>
    writeFileSync(join(folder, 'drive/openstack/latest', name), JSON.stringify(content, null, 1));
  write('meta_data.json', {
    uuid: guest.uuid,
    name: guest.name,
    devices: [{ type: 'nic', bus: 'pci', mac: guest.macAddress, vlan: 42, tags: ['fast'] }],
  });
  write('network_data.json', {
    links: [{ id: 'tap1', type: 'hw_veb', mtu: 1500, ethernet_mac_address: guest.macAddress }],
    networks: [
      {
        ...{ id: 'network0', type: 'ipv4', link: 'tap1', routes: [] },
        ...{ ip_address: guest.ipAddress, netmask: '255.255.255.0' },
      },
    ],
    services: [],
  });
  writeFileSync(join(folder, 'domain.xml'), domainXml(guest));
  await host.mustRun(`
    cd /mnt/share/${guest.name}
    xorriso -as mkisofs -quiet -V config-2 -J -r -o /tmp/${guest.name}.iso drive
    virsh -q define domain.xml && virsh -q start ${guest.name}`);
  return guestConsole(host, guest.name, `/tmp/${guest.name}.log`);
}

function domainXml(guest: GuestWish): string {
  const ports = [1, 2, 3, 4, 5, 6].map(
    (index) => `<controller type='pci' index='${index}' model='pcie-root-port'/>`,
  );
  return `<domain type='kvm'><name>${guest.name}</name><uuid>${guest.uuid}</uuid>
  <memory unit='MiB'>192</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type>
    <kernel>/lab/vmlinux</kernel><initrd>/lab/micro-guest</initrd>
    <cmdline>console=ttyS0 quiet loglevel=4 panic=-1 nokaslr mitigations=off</cmdline></os>
  <features><acpi/><apic/></features><cpu mode='host-passthrough'/>
  <devices>
    <controller type='pci' index='0' model='pcie-root'/>${ports.join('')}
    <controller type='usb' model='none'/>
    ${driveXml(guest)}
    <serial type='pty'><log file='/tmp/${guest.name}.log' append='off'/><target port='0'/></serial>
    ${interfaceXml(guest)}${guest.more ?? ''}<memballoon model='none'/>
  </devices></domain>`;
}

function driveXml({ name, drive }: GuestWish): string {
  const target =
    drive === 'cdrom' ? `dev='sda' bus='sata'/><readonly/` : `dev='vdb' bus='virtio'/><readonly/`;
  return `<disk type='file' device='${drive}'><driver name='qemu' type='raw'/>
    <source file='/tmp/${name}.iso'/><target ${target}></disk>`;
}

function interfaceXml({ macAddress, vfAddress }: Pick<GuestWish, 'macAddress' | 'vfAddress'>) {
  return `<interface type='hostdev' managed='yes'><mac address='${macAddress}'/>
    <source>${addressXml(vfAddress, " type='pci'")}</source>
    <vlan><tag id='42'/></vlan></interface>`;
}

function hostdevXml(address: string): string {
  return `<hostdev mode='subsystem' type='pci' managed='yes'>
    <source>${addressXml(address)}</source></hostdev>`;
}

function addressXml(address: string, type = ''): string {
  const [, domain, bus, slot, fn] = /^(.+):(.+):(.+)\.(.)$/.exec(address) ?? [];
  return `<address${type} domain='0x${domain}' bus='0x${bus}' slot='0x${slot}' function='0x${fn}'/>`;
}

function hears(reports: GuestReport[], received: string): void {
  assert.equal(reports.find(({ what }) => what === 'PING')?.['received'], received);
}

async function step<T>(name: string, act: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const result = await act();
  process.stdout.write(`${name.padEnd(24)} ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return result;
}

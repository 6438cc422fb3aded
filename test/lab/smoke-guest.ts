/** Micro guests made by hand: domain and config drive as a compute service would write them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GuestConsole, guestConsole } from './guest-console.ts';
import type { LabHost } from './host.ts';

export interface GuestOptions {
  name: string;
  uuid: string;
  nics: GuestNic[];
  /** How the config drive is shown. */
  drive: 'cdrom' | 'disk';
  processor: 'host-passthrough' | 'host-model';
  hostDevice?: string;
  /** Has it a disk of its own? */
  hasDisk?: boolean;
}

export interface GuestNic {
  macAddress: string;
  ipAddress: string;
  /** Its element in the domain. */
  xml: string;
}

/** Where its files are within the host. */
export const guestFiles = (name: string) => ({
  configDrive: `/tmp/${name}.iso`,
  disk: `/tmp/${name}.qcow2`,
  consoleLog: `/tmp/${name}.log`,
});

/** Defines and starts it. */
export async function startGuest(host: LabHost, guest: GuestOptions): Promise<GuestConsole> {
  const { name } = guest;
  const folder = join(host.shareDirectory, name);
  const { configDrive, disk, consoleLog } = guestFiles(name);
  writeDrive(folder, guest);
  writeFileSync(join(folder, 'domain.xml'), domainXml(guest));
  await host.mustRun(`
    set -e
    cd /mnt/share/${name}
    xorriso -as mkisofs -quiet -V config-2 -J -r -o ${configDrive} drive
    ${guest.hasDisk === true ? emptyDisk(disk) : ''}
    virsh -q define domain.xml
    virsh -q start ${name}`);
  return guestConsole(host, name, consoleLog);
}

/** A script. */
export const emptyDisk = (path: string) => `qemu-img create -q -f qcow2 ${path} 1M`;

function writeDrive(folder: string, { name, uuid, nics }: GuestOptions): void {
  mkdirSync(join(folder, 'drive/openstack/latest'), { recursive: true });
  const write = (name: string, content: unknown) =>
    writeFileSync(join(folder, 'drive/openstack/latest', name), JSON.stringify(content, null, 1));
  const mac = nics[0]?.macAddress;
  write('meta_data.json', {
    ...{ uuid, name },
    devices: [{ type: 'nic', bus: 'pci', mac, vlan: 42, tags: ['fast'] }],
  });
  write('network_data.json', {
    links: nics.map(({ macAddress }, at) => ({ id: `tap${at}`, ethernet_mac_address: macAddress })),
    networks: nics.map(({ ipAddress }, at) => ({
      ...{ id: `network${at}`, type: 'ipv4', link: `tap${at}` },
      ...{ ip_address: ipAddress, netmask: '255.255.255.0' },
    })),
    services: [],
  });
}

/** As many as Novella's guests have. */
const pciPorts = 12;

/** What they have too: QEMU needs time for it when it starts, and when it sends the guest. */
const likeServers = `<graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>
    <video><model type='vga'/></video>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>`;

function domainXml(guest: GuestOptions): string {
  const ports = Array.from(
    { length: pciPorts },
    (_, at) => `<controller type='pci' index='${at + 1}' model='pcie-root-port'/>`,
  );
  const { name, uuid, processor, nics } = guest;
  return `<domain type='kvm'><name>${name}</name><uuid>${uuid}</uuid>
  <memory unit='MiB'>192</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type>
    <kernel>/lab/vmlinux</kernel><initrd>/lab/micro-guest</initrd>
    <cmdline>console=ttyS0 quiet loglevel=4 panic=-1 nokaslr mitigations=off</cmdline></os>
  <features><acpi/><apic/></features><cpu mode='${processor}'/>
  <devices>
    <controller type='pci' index='0' model='pcie-root'/>${ports.join('')}
    <controller type='usb' model='none'/>
    ${diskXml(guest)}${driveXml(guest)}
    <serial type='pty'>
      <log file='${guestFiles(name).consoleLog}' append='off'/><target port='0'/></serial>
    ${nics.map(({ xml }) => xml).join('')}${hostDeviceXml(guest)}${likeServers}<memballoon model='none'/>
  </devices></domain>`;
}

function diskXml({ name, hasDisk }: GuestOptions): string {
  if (hasDisk !== true) return '';
  return `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
    <source file='${guestFiles(name).disk}'/><target dev='vda' bus='virtio'/></disk>`;
}

function driveXml({ name, drive }: GuestOptions): string {
  const target =
    drive === 'cdrom' ? `dev='sda' bus='sata'/><readonly/` : `dev='vdb' bus='virtio'/><readonly/`;
  return `<disk type='file' device='${drive}'><driver name='qemu' type='raw'/>
    <source file='${guestFiles(name).configDrive}'/><target ${target}></disk>`;
}

/** A NIC that is this VF, in VLAN 42. */
export function vfXml({ macAddress, vfAddress }: { macAddress: string; vfAddress: string }) {
  return `<interface type='hostdev' managed='yes'><mac address='${macAddress}'/>
    <source>${addressXml(vfAddress, " type='pci'")}</source>
    <vlan><tag id='42'/></vlan></interface>`;
}

export function bridgedXml(bridge: string, macAddress: string): string {
  return `<interface type='bridge'><mac address='${macAddress}'/>
    <source bridge='${bridge}'/><model type='virtio'/></interface>`;
}

function hostDeviceXml({ hostDevice }: GuestOptions): string {
  if (hostDevice === undefined) return '';
  return `<hostdev mode='subsystem' type='pci' managed='yes'>
    <source>${addressXml(hostDevice)}</source></hostdev>`;
}

function addressXml(address: string, type = ''): string {
  const [, domain, bus, slot, fn] = /^(.+):(.+):(.+)\.(.)$/.exec(address) ?? [];
  return `<address${type} domain='0x${domain}' bus='0x${bus}' slot='0x${slot}' function='0x${fn}'/>`;
}

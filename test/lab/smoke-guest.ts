/** Micro guests made by hand: domain and config drive as a compute service would write them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GuestConsole, guestConsole } from './guest-console.ts';
import type { LabHost } from './host.ts';

export interface GuestOptions {
  name: string;
  uuid: string;
  macAddress: string;
  ipAddress: string;
  vfAddress: string;
  /** How the config drive is shown. */
  drive: 'cdrom' | 'disk';
  processor: 'host-passthrough' | 'host-model';
  /** A second NIC, on the bridge. */
  bridged?: { macAddress: string; ipAddress: string };
  hostDevice?: string;
}

/** Defines and starts it. */
export async function startGuest(host: LabHost, guest: GuestOptions): Promise<GuestConsole> {
  const folder = join(host.shareDirectory, guest.name);
  mkdirSync(join(folder, 'drive/openstack/latest'), { recursive: true });
  const write = (name: string, content: unknown) =>
    writeFileSync(join(folder, 'drive/openstack/latest', name), JSON.stringify(content, null, 1));
  write('meta_data.json', {
    uuid: guest.uuid,
    name: guest.name,
    devices: [{ type: 'nic', bus: 'pci', mac: guest.macAddress, vlan: 42, tags: ['fast'] }],
  });
  const nics = [guest, ...(guest.bridged === undefined ? [] : [guest.bridged])];
  write('network_data.json', {
    links: nics.map(({ macAddress }, at) => ({ id: `tap${at}`, ethernet_mac_address: macAddress })),
    networks: nics.map(({ ipAddress }, at) => ({
      ...{ id: `network${at}`, type: 'ipv4', link: `tap${at}` },
      ...{ ip_address: ipAddress, netmask: '255.255.255.0' },
    })),
    services: [],
  });
  writeFileSync(join(folder, 'domain.xml'), domainXml(guest));
  await host.mustRun(`
    cd /mnt/share/${guest.name}
    xorriso -as mkisofs -quiet -V config-2 -J -r -o /tmp/${guest.name}.iso drive
    virsh -q define domain.xml && virsh -q start ${guest.name}`);
  return guestConsole(host, guest.name, `/tmp/${guest.name}.log`);
}

function domainXml(guest: GuestOptions): string {
  const ports = [1, 2, 3, 4, 5, 6].map(
    (index) => `<controller type='pci' index='${index}' model='pcie-root-port'/>`,
  );
  return `<domain type='kvm'><name>${guest.name}</name><uuid>${guest.uuid}</uuid>
  <memory unit='MiB'>192</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type>
    <kernel>/lab/vmlinux</kernel><initrd>/lab/micro-guest</initrd>
    <cmdline>console=ttyS0 quiet loglevel=4 panic=-1 nokaslr mitigations=off</cmdline></os>
  <features><acpi/><apic/></features><cpu mode='${guest.processor}'/>
  <devices>
    <controller type='pci' index='0' model='pcie-root'/>${ports.join('')}
    <controller type='usb' model='none'/>
    ${driveXml(guest)}
    <serial type='pty'><log file='/tmp/${guest.name}.log' append='off'/><target port='0'/></serial>
    ${interfaceXml(guest)}${bridgedXml(guest)}${hostDeviceXml(guest)}<memballoon model='none'/>
  </devices></domain>`;
}

function driveXml({ name, drive }: GuestOptions): string {
  const target =
    drive === 'cdrom' ? `dev='sda' bus='sata'/><readonly/` : `dev='vdb' bus='virtio'/><readonly/`;
  return `<disk type='file' device='${drive}'><driver name='qemu' type='raw'/>
    <source file='/tmp/${name}.iso'/><target ${target}></disk>`;
}

/** A NIC that is this VF, in VLAN 42. */
export function interfaceXml({
  macAddress,
  vfAddress,
}: Pick<GuestOptions, 'macAddress' | 'vfAddress'>) {
  return `<interface type='hostdev' managed='yes'><mac address='${macAddress}'/>
    <source>${addressXml(vfAddress, " type='pci'")}</source>
    <vlan><tag id='42'/></vlan></interface>`;
}

function bridgedXml({ bridged }: GuestOptions): string {
  if (bridged === undefined) return '';
  return `<interface type='bridge'><mac address='${bridged.macAddress}'/>
    <source bridge='br43'/><model type='virtio'/></interface>`;
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

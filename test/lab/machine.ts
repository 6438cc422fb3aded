/**
 * The emulated compute host as a command line: a PC with an IOMMU, two SR-IOV cards (Intel 82576, 7
 * VFs each), a plain NIC on the same wire, and an NVMe disk to pass through. Even the processor is
 * emulated: no KVM, no root, no card. It has AMD's virtualization extension, so that its guests
 * need no second emulation.
 */
import { join } from 'node:path';
import type { HostImage } from './image.ts';
import { inTree } from './tree-program.ts';

/** Addresses and names that a story may rely on. */
export const labDevices = {
  /**
   * Both PFs have the id 8086:10c9, their VFs 8086:10ca; VF n of a PF is at slot 0x10 + n / 4,
   * function 2 * (n mod 4).
   */
  pfs: [
    { address: '0000:01:00.0', interface: 'enp1s0', macAddress: '52:54:00:aa:00:01' },
    { address: '0000:02:00.0', interface: 'enp2s0', macAddress: '52:54:00:aa:00:02' },
  ],
  /** Alone in its IOMMU group; its first bytes are its text. */
  nvme: { address: '0000:03:00.0', vendorId: '1b36', productId: '0010', text: 'novella-lab-nvme' },
  /** A NIC on the PFs' wire that is not a PF: for bridges. */
  uplink: { interface: 'uplink0', macAddress: '52:54:00:00:00:fd' },
  management: { interface: 'mgmt0', macAddress: '52:54:00:00:00:fe' },
  /** By which two hosts reach each other; a single host has none. */
  between: { interface: 'hosts0', macAddress: '52:54:00:00:00:fc' },
} as const;

/** The outside's 127.0.0.1, seen from within. */
export const outsideAddress = '10.0.2.2';

/**
 * Two hosts that run at once: their wires are one, and so are their NICs `between`. The fifth
 * number of each MAC is the host's, as is the last of its address.
 */
export interface Twin {
  number: 1 | 2;
  /** Holds the sockets that join the two; the same folder for both. */
  sockets: string;
}

/** A twin's host name and address, as it and the other resolve it. */
export const twins = {
  1: { name: 'hosta', address: '192.168.77.1' },
  2: { name: 'hostb', address: '192.168.77.2' },
} as const;

export interface Machine {
  image: HostImage;
  /** Default: it is alone, and named lab-host. */
  twin?: Twin;
  /** Shown within as /mnt/share; the traffic on the wire is recorded there as `wire.pcap`. */
  shareDirectory: string;
  /** Holds the NVMe disk's content. */
  runDirectory: string;
  /** Folders that are shown within, read-only; mount tags are folder0, folder1 … */
  folders: readonly string[];
  memoryMib: number;
  /** Whether its kernel uses its IOMMU. */
  withIommu: boolean;
  /** TCP ports within, by port of 127.0.0.1 outside. */
  forwards: ReadonlyMap<number, number>;
  /** Where the serial console goes. */
  console: { file: string } | 'terminal';
}

/** The command: program and arguments. */
export function machineCommand(machine: Machine): string[] {
  const { tree } = machine.image;
  const args = [
    ...['-L', join(tree, 'usr/share/seabios'), '-L', join(tree, 'usr/share/qemu')],
    ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off', '-smp', '2'],
    ...['-m', `${machine.memoryMib}`, '-nodefaults', '-nographic', '-no-reboot'],
    ...(machine.twin === undefined ? [] : ['-uuid', hostUuid(machine.twin)]),
    ...['-device', 'intel-iommu,intremap=on,device-iotlb=on'],
    ...boot(machine),
    ...disks(machine),
    ...folder(machine.shareDirectory, 'share'),
    ...machine.folders.flatMap((path, at) => folder(path, `folder${at}`, ',readonly=on')),
    ...['-object', 'rng-random,filename=/dev/urandom,id=random'],
    ...['-device', 'virtio-rng-pci,rng=random'],
    ...cards(machine),
  ];
  return inTree(tree, 'usr/bin/qemu-system-x86_64', args);
}

/** libvirt refuses to move a guest to a host with the same UUID. */
function hostUuid({ number }: Twin): string {
  return `6d0c3a5e-1f52-4f0e-9f5c-52540000000${number}`;
}

function boot({ image, console, withIommu, twin }: Machine): string[] {
  const isShell = console === 'terminal';
  const named = twin === undefined ? undefined : twins[twin.number];
  const parameters = [
    ...['console=ttyS0', 'panic=-1', 'oops=panic', 'quiet', 'loglevel=4', 'mitigations=off'],
    // On a busy machine the emulated timer ticks too late for the kernel's own check of it.
    'no_timer_check',
    // An emulated disk loses an interrupt now and then, and then no longer answers: better an
    // end than a wait for it.
    'sysctl.kernel.hung_task_panic=1',
    ...(withIommu ? ['intel_iommu=on', 'iommu=pt'] : ['intel_iommu=off']),
    `lab.name=${named?.name ?? 'lab-host'}`,
    ...(named === undefined ? [] : [`lab.address=${named.address}`]),
    ...(isShell ? ['lab.shell'] : []),
  ];
  return [
    ...['-kernel', image.kernel, '-initrd', image.initialDisk, '-append', parameters.join(' ')],
    ...['-serial', isShell ? 'mon:stdio' : `file:${console.file}`],
  ];
}

/** Writes to the disks are discarded: many hosts may share them. */
function disks({ image, runDirectory }: Machine): string[] {
  const file = (path: string, id: string) =>
    `file=${path},format=raw,if=none,id=${id},snapshot=on,cache=unsafe`;
  return [
    ...['-drive', file(image.systemDisk, 'system'), '-device', 'virtio-blk-pci,drive=system'],
    ...['-drive', file(image.labDisk, 'lab'), '-device', 'virtio-blk-pci,drive=lab'],
    ...['-drive', file(nvmeFile(runDirectory), 'nvme')],
  ];
}

function folder(path: string, tag: string, more = ''): string[] {
  const options = 'security_model=none,multidevs=remap';
  return ['-virtfs', `local,path=${path},mount_tag=${tag},${options}${more}`];
}

/** Content of the NVMe disk. */
export function nvmeFile(runDirectory: string): string {
  return join(runDirectory, 'nvme.raw');
}

/** Each behind a port of its own, which keeps IOMMU groups apart. A hub is the wire. */
function cards({ shareDirectory, forwards, twin }: Machine): string[] {
  const { pfs, uplink, management } = labDevices;
  const nic = (netdev: string, macAddress: string) =>
    `virtio-net-pci,netdev=${netdev},mac=${macOf(macAddress, twin)},romfile=`;
  const ports = [...forwards].map(
    ([outside, within]) => `,hostfwd=tcp:127.0.0.1:${outside}-:${within}`,
  );
  return [
    ...['pf1', 'pf2', 'nvme'].flatMap((name, at) => [
      ...['-device', `pcie-root-port,id=${name}-port,chassis=${at + 1},slot=${at + 1}`],
    ]),
    ...pfs.flatMap(({ macAddress }, at) => [
      ...['-netdev', `hubport,id=pf${at + 1},hubid=0`],
      '-device',
      `igb,bus=pf${at + 1}-port,netdev=pf${at + 1},mac=${macOf(macAddress, twin)},romfile=`,
    ]),
    ...['-object', `filter-dump,id=wire,netdev=pf2,file=${join(shareDirectory, 'wire.pcap')}`],
    ...['-device', 'nvme,bus=nvme-port,drive=nvme,serial=novella-lab'],
    ...['-netdev', 'hubport,id=uplink,hubid=0', '-device', nic('uplink', uplink.macAddress)],
    ...['-netdev', `user,id=management${ports.join('')}`],
    ...['-device', nic('management', management.macAddress)],
    ...(twin === undefined ? [] : links(twin)),
  ];
}

/** The first twin listens; the other connects, again and again until it is there. */
function links(twin: Twin): string[] {
  const stream = (id: string) => {
    const socket = `addr.type=unix,addr.path=${join(twin.sockets, id)}`;
    const end = twin.number === 1 ? 'server=on' : 'server=off,reconnect-ms=500';
    return ['-netdev', `stream,id=${id},${end},${socket}`];
  };
  const macAddress = macOf(labDevices.between.macAddress, twin);
  return [
    ...[...stream('far-wire'), '-netdev', 'hubport,id=far,hubid=0,netdev=far-wire'],
    ...stream('between'),
    ...['-device', `virtio-net-pci,netdev=between,mac=${macAddress},romfile=`],
  ];
}

/** The MAC that a twin has in place of a single host's. */
export function macOf(macAddress: string, twin: Pick<Twin, 'number'> | undefined): string {
  return macAddress.replace(/00(:..)$/, `0${twin?.number ?? 0}$1`);
}

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
} as const;

/** The outside's 127.0.0.1, seen from within. */
export const outsideAddress = '10.0.2.2';

export interface Machine {
  image: HostImage;
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

function boot({ image, console, withIommu }: Machine): string[] {
  const isShell = console === 'terminal';
  const parameters = [
    ...['console=ttyS0', 'panic=-1', 'oops=panic', 'quiet', 'loglevel=4', 'mitigations=off'],
    // On a busy machine the emulated timer ticks too late for the kernel's own check of it.
    'no_timer_check',
    // An emulated disk loses an interrupt now and then, and then no longer answers: better an
    // end than a wait for it.
    'sysctl.kernel.hung_task_panic=1',
    ...(withIommu ? ['intel_iommu=on', 'iommu=pt'] : ['intel_iommu=off']),
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
function cards({ shareDirectory, forwards }: Machine): string[] {
  const { pfs, uplink, management } = labDevices;
  const ports = [...forwards].map(
    ([outside, within]) => `,hostfwd=tcp:127.0.0.1:${outside}-:${within}`,
  );
  return [
    ...['pf1', 'pf2', 'nvme'].flatMap((name, at) => [
      ...['-device', `pcie-root-port,id=${name}-port,chassis=${at + 1},slot=${at + 1}`],
    ]),
    ...pfs.flatMap(({ macAddress }, at) => [
      ...['-netdev', `hubport,id=pf${at + 1},hubid=0`],
      ...['-device', `igb,bus=pf${at + 1}-port,netdev=pf${at + 1},mac=${macAddress},romfile=`],
    ]),
    ...['-object', `filter-dump,id=wire,netdev=pf2,file=${join(shareDirectory, 'wire.pcap')}`],
    ...['-device', 'nvme,bus=nvme-port,drive=nvme,serial=novella-lab'],
    ...['-netdev', 'hubport,id=uplink,hubid=0'],
    ...['-device', `virtio-net-pci,netdev=uplink,mac=${uplink.macAddress},romfile=`],
    ...['-netdev', `user,id=management${ports.join('')}`],
    ...['-device', `virtio-net-pci,netdev=management,mac=${management.macAddress},romfile=`],
  ];
}

/**
 * The guest as libvirt's `<domain>`: pure text, no connection. Source: libvirt "Domain XML format".
 */
import { type GuestPaths, guestPaths } from '#core/guests/description/guest-paths.ts';
import {
  diskName,
  type GuestHardware,
  type VideoModel,
} from '#core/guests/description/guest-hardware.ts';
import { type Guest, type GuestNic, hasDisk } from '#core/guests/description/guest.ts';
import { metadataOf, metadataXml } from './domain-metadata.ts';
import { type HostNames, hostdevXml, nicXmls } from './interface-xml.ts';
import { numaCells, numaTuning } from './numa-xml.ts';
import { element, fixed, printXml, type XmlElement } from './xml.ts';

/** How the host runs guests, besides its host-specific names. */
export interface DomainOptions extends HostNames {
  /** Path of QEMU; libvirt chooses when absent. */
  emulator?: string;
  /** Folder of the guests' files: one folder each, named by its id. */
  diskDirectory?: string;
  /**
   * With KVM: how the host's processor is exposed to the guest. `host-model` can move between hosts
   * of one kind.
   */
  cpuMode?: 'host-model' | 'host-passthrough';
  /** PCIe ports for NICs attached later. */
  sparePorts?: number;
  /** Whether guests have a display. Default: yes. */
  displays?: boolean;
}

/** Nova's `num_pcie_ports` is 0, so its guests cannot take a second NIC. */
const standardSparePorts = 8;

/**
 * The domain XML of a guest. Throws `unavailable` when a NIC needs an interface that the host does
 * not have.
 */
export function domainXml(guest: Guest, options: DomainOptions): string {
  const hasPassthrough = guest.hostDevices.length > 0 || guest.nics.some(isPassthrough);
  const paths = guestPaths(options.diskDirectory ?? '/var/lib/novella/guests', guest.id);
  const hardware = guest.rescue?.hardware ?? guest.hardware ?? usualHardware;
  const { machine, diskBus, video, hasAgent } = hardware;
  const extraDisks = guest.rescue === undefined ? 0 : 1;
  const extraDevices = extraDisks + (hasAgent === true ? 1 : 0);
  const nics = guest.nics.flatMap((nic) => nicXmls(nic, options));
  const ports = nics.length + guest.hostDevices.length + fixedDevices + extraDevices;
  return printXml(
    element('domain', { type: options.virtType }, [
      element('name', {}, [guest.name]),
      element('uuid', {}, [guest.id]),
      element('metadata', {}, [metadataXml(metadataOf(guest))]),
      element('memory', { unit: 'MiB' }, [guest.memoryMib]),
      element('vcpu', { placement: 'static' }, [guest.vcpus]),
      ...numaTuning(guest),
      element('os', {}, [
        element('type', { arch: 'x86_64', machine }, ['hvm']),
        ...kernel(guest, paths),
        bootFromDisk,
      ]),
      features,
      cpu(guest, options),
      ...clockAndEnds,
      element('devices', {}, [
        options.emulator !== undefined && element('emulator', {}, [options.emulator]),
        ...diskFiles(guest, paths).map((file, at) => disk(file, diskBus, at)),
        guest.configDrive !== null && configDrive(guest, paths, diskBus),
        diskBus === 'scsi' &&
          element('controller', { type: 'scsi', index: 0, model: 'virtio-scsi' }),
        noUsb,
        ...pciControllers(ports + (options.sparePorts ?? standardSparePorts)),
        ...nics,
        ...guest.hostDevices.map(hostdevXml),
        element('serial', { type: 'pty' }, [
          element('log', { file: paths.consoleLog, append: 'off' }),
          serialTarget,
        ]),
        serialConsole,
        hasAgent === true && agentChannel,
        ...(options.displays === false ? [] : display(video)),
        // VFIO pins all memory of the guest: a balloon could not reclaim any.
        hasPassthrough ? noBalloon : balloon,
        randomNumbers,
      ]),
    ]),
  );
}

const usualHardware: GuestHardware = { machine: 'q35', diskBus: 'virtio' };

const bootFromDisk = fixed(element('boot', { dev: 'hd' }));
const features = fixed(element('features', {}, [element('acpi'), element('apic')]));
const clockAndEnds = [
  fixed(element('clock', { offset: 'utc' })),
  fixed(element('on_poweroff', {}, ['destroy'])),
  fixed(element('on_reboot', {}, ['restart'])),
  fixed(element('on_crash', {}, ['destroy'])),
];
const noUsb = fixed(element('controller', { type: 'usb', model: 'none' }));
const serialTarget = fixed(element('target', { port: 0 }));
const serialConsole = fixed(
  element('console', { type: 'pty' }, [element('target', { type: 'serial', port: 0 })]),
);
/** libvirt chooses the socket. */
const agentChannel = fixed(
  element('channel', { type: 'unix' }, [
    element('target', { type: 'virtio', name: 'org.qemu.guest_agent.0' }),
  ]),
);
/** Reached through the agent only: no address but the host's own, and a free port. */
const vncServer = fixed(
  element('graphics', { type: 'vnc', port: -1, autoport: 'yes', listen: '127.0.0.1' }, [
    element('listen', { type: 'address', address: '127.0.0.1' }),
  ]),
);
const balloon = fixed(element('memballoon', { model: 'virtio' }));
const noBalloon = fixed(element('memballoon', { model: 'none' }));
const randomNumbers = fixed(
  element('rng', { model: 'virtio' }, [element('backend', { model: 'random' }, ['/dev/urandom'])]),
);

/** Devices of every guest that use a PCIe port: disk, balloon, random numbers. */
const fixedDevices = 3;

/**
 * Ports with their indexes, the root first: otherwise libvirt takes the first port for the root. A
 * running q35 guest can take a device only on a port that it had at start.
 */
function pciControllers(ports: number): XmlElement[] {
  while (controllers.length <= ports) {
    const index = controllers.length;
    const model = index === 0 ? 'pcie-root' : 'pcie-root-port';
    controllers.push(fixed(element('controller', { type: 'pci', index, model })));
  }
  return controllers.slice(0, ports + 1);
}

/** By index, as far as a guest has needed them. */
const controllers: XmlElement[] = [];

function kernel(guest: Guest, paths: GuestPaths): XmlElement[] {
  const from = guest.rescue === undefined ? guest.kernel : guest.rescue.kernel;
  if (from === null) return [];
  const { ramdiskImageId, commandLine } = from;
  const [file, ramdisk] =
    guest.rescue === undefined
      ? [paths.kernel, paths.ramdisk]
      : [paths.rescueKernel, paths.rescueRamdisk];
  return [
    element('kernel', {}, [file]),
    ...(ramdiskImageId === null ? [] : [element('initrd', {}, [ramdisk])]),
    ...(commandLine === '' ? [] : [element('cmdline', {}, [commandLine])]),
  ];
}

/**
 * Emulation exposes all its features: distributions no longer boot on the oldest processor, its
 * default.
 */
function cpu(guest: Guest, { virtType, cpuMode = 'host-model' }: DomainOptions): XmlElement {
  return element('cpu', { mode: virtType === 'kvm' ? cpuMode : 'maximum' }, [numaCells(guest)]);
}

function isPassthrough(nic: GuestNic): boolean {
  return nic.kind === 'hostdev' || nic.kind === 'hostdev-physical';
}

/** It has its own place on the board, and takes no PCIe port. */
function display(video: VideoModel = 'vga'): XmlElement[] {
  if (video === 'none') return [];
  return [vncServer, element('video', {}, [element('model', { type: video })])];
}

/** In the order of the guest: the rescue disk, from which it boots, before its own. */
function diskFiles(guest: Guest, paths: GuestPaths): string[] {
  return [
    ...(guest.rescue === undefined ? [] : [paths.rescueDisk]),
    ...(hasDisk(guest) ? [paths.disk] : []),
  ];
}

// oxlint-disable-next-line max-params -- what, where and which
function disk(file: string, bus: GuestHardware['diskBus'], at: number): XmlElement {
  return element('disk', { type: 'file', device: 'disk' }, [
    element('driver', { name: 'qemu', type: 'qcow2' }),
    element('source', { file }),
    element('target', { dev: nthDiskName(diskName(bus), at), bus }),
  ]);
}

/** Example: `('vda', 1)` → `vdb`. */
function nthDiskName(first: string, at: number): string {
  return first.slice(0, -1) + String.fromCodePoint((first.codePointAt(2) ?? 0) + at);
}

/** After the guest's disks where they are on the same bus. */
// oxlint-disable-next-line max-params -- whose, where and which
function configDrive(
  guest: Guest,
  paths: GuestPaths,
  diskBus: GuestHardware['diskBus'],
): XmlElement {
  const at = diskBus === 'virtio' ? 0 : Math.max(1, diskFiles(guest, paths).length);
  return element('disk', { type: 'file', device: 'cdrom' }, [
    element('driver', { name: 'qemu', type: 'raw' }),
    element('source', { file: paths.configDrive }),
    element('target', { dev: nthDiskName('sda', at), bus: 'sata' }),
    element('readonly'),
  ]);
}

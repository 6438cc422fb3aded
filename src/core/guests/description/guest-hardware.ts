/** The board, disk, display and agent that an image requires for its guests. */
import { isTrue } from '../../pci/devices/boolean-text.ts';
import { refuse, type Verdict } from '../../reason.ts';

type Properties = Readonly<Record<string, string>>;

/** The bus of the guest's disk. Source: Nova `hw_disk_bus`, those that a q35 board has. */
const diskBuses = ['virtio', 'scsi', 'sata'] as const;
export type DiskBus = (typeof diskBuses)[number];

/** The video device; `none`: no display. Source: Nova `hw_video_model`, those of a q35 board. */
const videoModels = ['vga', 'virtio', 'qxl', 'cirrus', 'bochs', 'none'] as const;
export type VideoModel = (typeof videoModels)[number];

/**
 * `machine`: QEMU's name of the board. Example: `q35`, or one of its versions, `pc-q35-9.2`.
 * `hasAgent`: it has a channel for QEMU's guest agent.
 */
export interface GuestHardware {
  machine: string;
  diskBus: DiskBus;
  hasAgent?: true;
  /** Absent: a standard VGA, which needs no driver. */
  video?: VideoModel;
}

/** VFs sit on PCIe ports, which no other board has. */
const boards = /^(q35|pc-q35-[\w.-]+)$/;

/**
 * Example: `{ hw_disk_bus: 'sata' }` → `{ machine: 'q35', diskBus: 'sata' }`. Refuses unsupported
 * boards and buses, naming the property. Source: Glance "Useful image properties",
 * `hw_machine_type`, `hw_disk_bus`, `hw_video_model` and `hw_qemu_guest_agent`.
 */
export function guestHardware(properties: Properties): Verdict<{ hardware: GuestHardware }> {
  const machine = properties['hw_machine_type'] ?? 'q35';
  const requested = properties['hw_disk_bus']?.toLowerCase() ?? 'virtio';
  const diskBus = diskBuses.find((one) => one === requested);
  if (!boards.test(machine)) {
    return refuse(
      'unsupported-machine',
      `image property hw_machine_type "${machine}": must be q35 or one of its versions, as pc-q35-9.2`,
    );
  }
  if (diskBus === undefined) {
    return refuse(
      'unsupported-disk-bus',
      `image property hw_disk_bus "${requested}": must be one of ${diskBuses.join(', ')}`,
    );
  }
  const video = videoModels.find((one) => one === requestedVideo(properties));
  return {
    ok: true,
    hardware: {
      machine,
      diskBus,
      ...(video !== undefined && { video }),
      ...(hasAgent(properties) && { hasAgent: true }),
    },
  };
}

/**
 * Refuses an unsupported video device. For new servers: one that exists already gets a standard VGA
 * in its place, so that no start of it fails.
 */
export function videoModel(properties: Properties): Verdict<object> {
  const requested = requestedVideo(properties);
  if (requested === undefined || videoModels.some((one) => one === requested)) return { ok: true };
  return refuse(
    'unsupported-video-model',
    `image property hw_video_model "${requested}": must be one of ${videoModels.join(', ')}`,
  );
}

function requestedVideo(properties: Properties): string | undefined {
  return properties['hw_video_model']?.toLowerCase();
}

/** Is QEMU's guest agent expected in guests of this image? */
export function hasAgent(properties: Properties): boolean {
  return isTrue(properties['hw_qemu_guest_agent'] ?? 'no');
}

/** The disk's name in Linux. Example: `scsi` → `sda`. */
export function diskName(bus: DiskBus): 'vda' | 'sda' {
  return bus === 'virtio' ? 'vda' : 'sda';
}

/** A simulated guest's output on its serial console: a boot log with its real disk and NICs. */
import { type Guest, type GuestNic, isPciNic } from '#core/guests/description/guest.ts';

/** `diskImageId`: the image that its disk was created from. */
export function consoleText(guest: Guest, diskImageId: string | null): string {
  const commandLine = guest.kernel?.commandLine ?? 'root=/dev/vda1 console=ttyS0';
  const boot = [
    'Linux version 6.12.0 (novella@simulated)',
    `Command line: ${commandLine}`,
    `Memory: ${guest.memoryMib} MiB`,
    `smp: ${guest.vcpus} ${guest.vcpus === 1 ? 'CPU' : 'CPUs'}`,
    'Serial: 8250/16550 driver: ttyS0',
    `virtio_blk: [vda] ${diskImageId === null ? 'empty disk' : `image ${diskImageId}`}`,
    guest.configDrive === null ? 'no config drive' : 'sr0: config drive, label config-2',
    ...guest.nics.map((nic, at) => `eth${at}: ${nic.macAddress} (${kindOf(nic)})`),
    ...guest.hostDevices.map(({ address }) => `PCI device ${address} of the host`),
    'EXT4-fs (vda): mounted filesystem',
    'Run /sbin/init as init process',
    'cloud-init: finished',
  ];
  const stamped = boot.map((line, at) => `[${(at / 10).toFixed(6).padStart(12)}] ${line}`);
  return [...stamped, '', `Simulated guest ${guest.name} ttyS0`, '', `${guest.title} login: `].join(
    '\n',
  );
}

function kindOf(nic: GuestNic): string {
  return isPciNic(nic) ? `${nic.kind} ${nic.address}` : nic.kind;
}

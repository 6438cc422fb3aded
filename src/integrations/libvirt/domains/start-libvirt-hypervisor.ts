/** Assembles the libvirt hypervisor of a host. */
import { statfs } from 'node:fs/promises';
import type { Log } from '#contracts/log.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import { LibvirtChild } from '../connection/child-process.ts';
import type { PowerLimits } from './guest-power.ts';
import { LibvirtHypervisor } from './hypervisor.ts';
import type { DetachLimits } from './nic-changes.ts';
import type { MoveLimits } from '../xml/migration.ts';
import { workingVirtType } from '../kvm/working-kvm.ts';

export interface StartLibvirtOptions extends Partial<PowerLimits & DetachLimits> {
  /** Example: `qemu:///system`. */
  uri: string;
  /** Folder of the guests' files; QEMU must be able to read below it. */
  guestsDirectory: string;
  /** `auto`: KVM where it works, which is tested once per kernel and QEMU. */
  virtType: 'auto' | 'kvm' | 'qemu';
  /** VFs come from libvirt networks, one per port. */
  networkXml: boolean;
  log: Log;
  emulator?: string;
  cpuMode?: 'host-model' | 'host-passthrough';
  sparePorts?: number;
  /** Whether guests have a display. Default: yes. */
  displays?: boolean;
  /** The child's environment, for what libvirt's transports read (SSH, TLS). */
  environment?: Readonly<Record<string, string>>;
  callLimitMs?: number;
  ifnameOf?: (address: PciAddress) => Promise<string | null>;
  moves?: MoveLimits;
  /** A child that the caller has started; it is closed with the hypervisor. */
  child?: LibvirtChild;
}

/**
 * Starts the child process and waits for its first try to connect. A libvirtd that does not answer
 * is not an error here: calls throw `unavailable` until it does, and `watch` reports it.
 */
export async function startLibvirtHypervisor(
  options: StartLibvirtOptions,
): Promise<LibvirtHypervisor> {
  const { guestsDirectory, log, virtType, networkXml, ifnameOf } = options;
  const child = options.child ?? new LibvirtChild(options);
  await child.firstTry();
  const { emulator, cpuMode = 'host-model', sparePorts, displays = true } = options;
  const probe = { child, directory: guestsDirectory, log, cpuMode };
  return new LibvirtHypervisor({
    child,
    domain: {
      diskDirectory: guestsDirectory,
      networkXml,
      cpuMode,
      displays,
      ...(emulator !== undefined && { emulator }),
      ...(sparePorts !== undefined && { sparePorts }),
    },
    virtType: virtType === 'auto' ? workingVirtType(probe) : () => Promise.resolve(virtType),
    diskGib: () => sizeOf(guestsDirectory),
    ...(ifnameOf !== undefined && { ifnameOf }),
    limits: options,
    ...(options.moves !== undefined && { moves: options.moves }),
  });
}

async function sizeOf(directory: string): Promise<number> {
  const { blocks, bsize } = await statfs(directory);
  return Math.floor((blocks * bsize) / 2 ** 30);
}

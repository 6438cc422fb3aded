/** This machine as a host: its real parts, put together from the section `host` of a configuration. */
import { join } from 'node:path';
import type { Hypervisor } from '#contracts/hypervisor.ts';
import type { ImageSource } from '#contracts/images.ts';
import type { Log } from '#contracts/log.ts';
import { parseDeviceSpecs } from '#core/pci/parse-device-specs.ts';
import { folderJournal } from '#integrations/command-journal/in-folder.ts';
import { HostGuestFiles } from '#integrations/guest-files/guest-files.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import type { RealHostConfig } from './host-config.ts';
import type { HostParts } from './host-parts.ts';

export interface RealHostSurroundings {
  /** What the host keeps: guests, and what its agent still has to tell. */
  stateDir: string;
  images: ImageSource;
  log: Log;
  /** Joins this machine's libvirt. */
  startHypervisor: (options: HypervisorOptions) => Promise<Hypervisor>;
}

/** What a driver of libvirt has to know. */
export interface HypervisorOptions {
  uri: string;
  virtType: 'kvm' | 'qemu';
  networkXml: boolean;
  /** Disks, config drives and consoles of guests, a folder for each. */
  guestsDirectory: string;
  log: Log;
}

/** Throws `invalid` for a malformed device spec, and what the hypervisor throws when it cannot be joined. */
export async function realHostParts(
  config: RealHostConfig,
  { stateDir, images, log, startHypervisor }: RealHostSurroundings,
): Promise<HostParts> {
  const pciBus = new SysfsPciBus({ root: '/sys' });
  const { functions } = await pciBus.listFunctions();
  const deviceSpecs = parseDeviceSpecs(config.deviceSpec, functions);
  const guestsDirectory = join(stateDir, 'guests');
  return {
    host: config.name,
    hostIp: config.ip,
    hypervisor: await startHypervisor({ ...config.libvirt, guestsDirectory, log }),
    pciBus,
    guestFiles: new HostGuestFiles({
      directory: guestsDirectory,
      imageDirectory: join(stateDir, 'images'),
      images,
    }),
    deviceSpecs,
    bridgedNetworks: Object.keys(config.bridgeMappings),
    reserved: config.reserved,
    journal: folderJournal(join(stateDir, 'results')),
  };
}

/** This machine as a host: its real parts, assembled from the section `host` of a configuration. */
import { join } from 'node:path';
import type { ImageSource } from '#contracts/services/images.ts';
import type { Log } from '#contracts/log.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { folderJournal } from '#integrations/command-journal/in-folder.ts';
import { makeTraversable } from '#runtime/traversable-folder.ts';
import { guestFolders } from '#integrations/guest-files/guest-folders.ts';
import { HostGuestFiles } from '#integrations/guest-files/guest-files.ts';
import { readUptime } from '#integrations/host-facts/uptime.ts';
import { FileMemory } from '#integrations/host-memory/file-memory.ts';
import { HostTransfer } from '#integrations/guest-transfer/host-transfer.ts';
import { libvirtSocketOf } from '#integrations/guest-transfer/libvirt-socket.ts';
import type { PeerIdentity } from '#integrations/guest-transfer/peer-identity.ts';
import { LinuxBridges } from '#integrations/iproute2/bridges.ts';
import { LinuxTaps } from '#integrations/iproute2/taps.ts';
import { LibvirtChild } from '#integrations/libvirt/connection/child-process.ts';
import { LibvirtConsoles } from '#integrations/libvirt/domains/guest-consoles.ts';
import { LibvirtNodeDevices } from '#integrations/libvirt/node-devices.ts';
import { startLibvirtHypervisor } from '#integrations/libvirt/domains/start-libvirt-hypervisor.ts';
import { SysfsLinks } from '#integrations/sysfs/host-links.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { askProgram, runDeviceTool } from '#runtime/run-program.ts';
import { machineProblems, hostPlaces, startNotes } from './host-health.ts';
import type { RealHostConfig } from '../config/host-config.ts';
import type { HostParts } from '../config/host-parts.ts';

export interface RealHostSurroundings {
  /** The host's data: guests, and the agent's unreported results. */
  stateDir: string;
  images: ImageSource;
  log: Log;
  /** The file that libvirt's child process runs; absent: its path in the sources. */
  libvirtChild?: string;
  /** The host's certificate in its cluster; absent: its guests cannot move to other hosts. */
  identity?: () => Promise<PeerIdentity>;
}

/** Of guests that are sent while they run: QEMU and libvirt see the same path. */
const moveSockets = { here: '/run/novella/moves', forLibvirt: '/run/novella/moves' };

/**
 * Throws `invalid` for a malformed device spec, and the hypervisor's errors when it cannot be
 * reached.
 */
export async function realHostParts(
  config: RealHostConfig,
  { stateDir, images, log, libvirtChild, identity }: RealHostSurroundings,
): Promise<HostParts> {
  const pciBus = new SysfsPciBus({ root: '/sys' });
  const { functions } = await pciBus.listFunctions();
  const deviceSpecs = parseDeviceSpecs(config.deviceSpec, functions);
  const { sharedStorage, ...folders } = await guestFolders(config, stateDir);
  const { directory: guestsDirectory } = folders;
  await makeTraversable(guestsDirectory);
  const machine = { places: hostPlaces(stateDir), pciBus, deviceSpecs };
  const child = new LibvirtChild({
    uri: config.libvirt.uri,
    log,
    ...(libvirtChild !== undefined && { childEntry: libvirtChild }),
  });
  const hypervisor = await startLibvirtHypervisor({
    ...config.libvirt,
    displays: config.libvirt.vnc,
    moves: config.moves.limits,
    guestsDirectory,
    log,
    ifnameOf: (address) => pciBus.ifnameOf(address),
    child,
  });
  const guestFiles = new HostGuestFiles({ ...folders, images, log });
  return {
    host: config.name,
    hostIp: config.ip,
    hypervisor,
    consoles: new LibvirtConsoles({ child }),
    pciBus,
    nodeDevices: new LibvirtNodeDevices({ child }),
    guestFiles,
    ...(sharedStorage !== undefined && { sharedStorage }),
    ...(identity !== undefined && {
      // A host with a token of version 0.2 has no certificate yet.
      canTransfer: () => identity().then(Boolean, () => false),
      transfer: new HostTransfer({
        ...config.moves,
        identity,
        files: guestFiles,
        hypervisor,
        migrations: hypervisor.migrations,
        libvirtSocket: libvirtSocketOf(config.libvirt.uri),
        sockets: moveSockets,
        log,
      }),
    }),
    bridges: new LinuxBridges({
      host: config.name,
      interfaces: config.bridgeMappings,
      run: runDeviceTool,
    }),
    taps: new LinuxTaps({ run: runDeviceTool }),
    links: new SysfsLinks({ root: '/sys' }),
    memory: new FileMemory(join(stateDir, 'memory')),
    deviceSpecs,
    vfCounts: config.vfCounts,
    bridgedNetworks: Object.keys(config.bridgeMappings),
    ...(config.offloadBridge !== undefined && { offloadBridge: config.offloadBridge }),
    reserved: config.reserved,
    checkHealth: () => machineProblems(machine),
    notes: await startNotes(machine),
    journal: folderJournal(join(stateDir, 'results')),
    uptime: () => readUptime(askProgram),
  };
}

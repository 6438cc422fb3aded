/**
 * One guest on this machine, from its image to its first console output: agent, files, libvirt and
 * QEMU together.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { executeCommand } from '#agent/commands/execute-command.ts';
import { hostParts } from '#agent/host-parts.ts';
import type { HostCommandBody } from '#contracts/host/host-link.ts';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import { memoryJournal } from '#integrations/command-journal/in-memory.ts';
import { HostGuestFiles } from '#integrations/guest-files/guest-files.ts';
import type { LibvirtHypervisor } from '#integrations/libvirt/domains/hypervisor.ts';
import { bootDisk, bootSectorOutput } from '#integrations/libvirt/kvm/probe-boot-sector.ts';
import { startLibvirtHypervisor } from '#integrations/libvirt/domains/start-libvirt-hypervisor.ts';
import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { SimulatedLinks } from '#integrations/simulated/machine/host-links.ts';
import { SimulatedTaps } from '#integrations/simulated/machine/host-taps.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { SimulatedPciBus } from '#integrations/simulated/machine/pci-bus.ts';
import { simulatedHost } from '#integrations/simulated/simulated-host.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { describedImages } from '#test/images/image-source.ts';
import { PrivateLibvirtd } from '#test/hosts/private-libvirtd.ts';
import { silentLog } from '#test/silent-log.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';

let libvirtd: PrivateLibvirtd;
let hypervisor: LibvirtHypervisor;

beforeAll(async () => {
  ensureDebianPackages(['genisoimage']);
  libvirtd = await PrivateLibvirtd.start();
  hypervisor = await startLibvirtHypervisor({
    uri: libvirtd.uri,
    guestsDirectory: libvirtd.guestsDirectory,
    virtType: 'qemu',
    networkXml: false,
    log: silentLog,
    shutdownMs: 1_500,
  });
});

afterAll(async () => {
  await hypervisor?.close();
  await libvirtd?.stop();
});

test.each(['virtio', 'scsi', 'sata'] as const)(
  'a guest boots its image from a %s disk, prints to its console, restarts, and leaves nothing',
  async (diskBus) => {
    const images = describedImages({ disk: { content: bootDisk() } });
    const guestFiles = new HostGuestFiles({
      owner: 'host host-1',
      directory: libvirtd.guestsDirectory,
      imageDirectory: join(libvirtd.folder, 'images'),
      images,
    });
    const host = simulatedHost('host-1', []);
    const parts = hostParts({
      ...{ host: 'host-1', hostIp: '192.0.2.1', hypervisor, guestFiles },
      pciBus: new SimulatedPciBus({ host, listGuests: async () => [] }),
      ...{ bridges: new SimulatedBridges({ host: 'host-1' }), taps: new SimulatedTaps() },
      links: new SimulatedLinks({ functions: [] }),
      memory: new SimulatedMemory(),
      ...{ deviceSpecs: [], bridgedNetworks: [], journal: memoryJournal() },
      ...{ log: silentLog, heartbeatMs: 10_000 },
    });
    const guest = aGuest({
      imageId: 'disk',
      hardware: { machine: 'q35', diskBus },
      memoryMib: 128,
      configDrive: [{ path: 'openstack/latest/meta_data.json', content: '{}', encoding: 'utf8' }],
    });
    const notify = async (body: HostCommandBody) => {
      const result = await executeCommand(parts, body);
      if (!result.ok) throw new Error(result.message);
      return result;
    };
    const paths = guestPaths(libvirtd.guestsDirectory, guest.id);
    const consoleOutput = () => guestFiles.consoleOutput(guest.id, null);

    await notify({ do: 'spawn', guest });
    await expect.poll(consoleOutput, { timeout: 120_000 }).toContain(bootSectorOutput);
    images.images.clear();
    await notify({ do: 'respawn', guest });
    await expect.poll(consoleOutput, { timeout: 120_000 }).toContain(bootSectorOutput);
    expect(existsSync(paths.configDrive)).toBe(true);
    await notify({ do: 'destroy', guestId: guest.id });
    expect([await hypervisor.listGuests(), existsSync(paths.folder)]).toEqual([[], false]);
  },
);

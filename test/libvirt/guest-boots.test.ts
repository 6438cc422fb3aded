/** One guest on this machine, from its image to its first words on the console: agent, files, libvirt and QEMU together. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startAgent } from '#agent/agent.ts';
import type { GuestFiles } from '#contracts/guest-files.ts';
import type { CommandResult, HostCommandBody, ToController } from '#contracts/host-link.ts';
import { guestPaths } from '#core/guests/guest-paths.ts';
import { memoryJournal } from '#integrations/command-journal/in-memory.ts';
import { HostGuestFiles } from '#integrations/guest-files/guest-files.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import type { LibvirtHypervisor } from '#integrations/libvirt/hypervisor.ts';
import { bootDisk, bootSectorSays } from '#integrations/libvirt/probe-boot-sector.ts';
import { SimulatedBridges } from '#integrations/simulated/host-bridges.ts';
import { SimulatedMemory } from '#integrations/simulated/host-memory.ts';
import { SimulatedPciBus } from '#integrations/simulated/pci-bus.ts';
import { simulatedHost } from '#integrations/simulated/simulated-host.ts';
import { ensureDebianPackages } from '#test/debian-packages.ts';
import { aGuest } from '#test/guests.ts';
import { describedImages } from '#test/images.ts';
import { LibvirtHost } from '#test/libvirt-host.ts';
import { silentLog } from '#test/silent-log.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

let host: LibvirtHost;
let hypervisor: LibvirtHypervisor;

beforeAll(async () => {
  ensureDebianPackages(['qemu-utils', 'genisoimage']);
  host = await LibvirtHost.start();
  hypervisor = await host.hypervisor();
});

afterAll(async () => host?.stop());

/** The agent of this host; its end of the link gives a command and waits for the result. */
async function anAgent(guestFiles: GuestFiles) {
  const machine = simulatedHost('host-1', []);
  const { agentEnd, controllerEnd } = inProcessLink();
  const heard: ToController[] = [];
  controllerEnd.onMessage((message) => void heard.push(message));
  const agent = await startAgent({
    ...{ host: 'host-1', hostIp: '192.0.2.1', hypervisor, guestFiles },
    pciBus: new SimulatedPciBus({ host: machine, listGuests: async () => [] }),
    ...{ bridges: new SimulatedBridges({ host: 'host-1' }), memory: new SimulatedMemory() },
    ...{ deviceSpecs: [], bridgedNetworks: [], journal: memoryJournal() },
    ...{ log: silentLog, heartbeatMs: 60_000 },
  });
  await agent.join(agentEnd);
  controllerEnd.send({ type: 'welcome', hostId: 'h1' });
  let seq = 0;
  return {
    stop: () => agent.stop(),
    tell: async (body: HostCommandBody): Promise<CommandResult> => {
      const mine = ++seq;
      controllerEnd.send({ type: 'command', command: { seq: mine, serverId: guest.id, body } });
      const result = () => heard.find((each) => each.type === 'result' && each.seq === mine);
      await vi.waitFor(() => expect(result()).toBeDefined(), { timeout: 120_000 });
      const message = result();
      if (message?.type !== 'result') throw new Error('no result');
      expect(message.result).toMatchObject({ ok: true });
      return message.result;
    },
  };
}

const guest = aGuest({
  imageId: 'disk',
  memoryMib: 128,
  configDrive: [{ path: 'openstack/latest/meta_data.json', content: '{}', encoding: 'utf8' }],
});

test('a guest boots its image, is heard on its console, starts again, and leaves nothing', async () => {
  const directory = host.libvirtd.guestsDirectory;
  const images = describedImages({ disk: { content: bootDisk() } });
  const imageDirectory = join(host.libvirtd.folder, 'images');
  const { tell, stop } = await anAgent(new HostGuestFiles({ directory, imageDirectory, images }));
  const { folder, configDrive } = guestPaths(directory, guest.id);
  const consoleOutput = async () => {
    const result = await tell({ do: 'console', guestId: guest.id, lines: null });
    return result.ok ? result.output : undefined;
  };
  const steps = (await tell({ do: 'spawn', guest })).steps.map(({ step }) => step);
  expect(steps).toEqual(['check-devices', 'prepare-files', 'define', 'start']);
  await expect.poll(consoleOutput, { timeout: 120_000 }).toContain(bootSectorSays);
  images.images.clear();
  await tell({ do: 'respawn', guest });
  await expect.poll(consoleOutput, { timeout: 120_000 }).toContain(bootSectorSays);
  expect(existsSync(configDrive)).toBe(true);
  await tell({ do: 'destroy', guestId: guest.id });
  expect([await hypervisor.listGuests(), existsSync(folder)]).toEqual([[], false]);
  await stop();
});

/** The hypervisor contract against a real libvirtd and QEMU. The guests have no system: the firmware finds nothing to start and waits. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { describeHypervisor } from '#contracts/hypervisor.contract.ts';
import { guestPaths } from '#core/guests/guest-paths.ts';
import type { Guest } from '#core/guests/guest.ts';
import type { LibvirtHypervisor } from '#integrations/libvirt/hypervisor.ts';
import { startLibvirtHypervisor } from '#integrations/libvirt/start-libvirt-hypervisor.ts';
import { silentLog } from '#test/silent-log.ts';
import { PrivateLibvirtd } from '#test/private-libvirtd.ts';
import { afterAll, afterEach, beforeAll } from 'vitest';

let libvirtd: PrivateLibvirtd;
const open: LibvirtHypervisor[] = [];

beforeAll(async () => {
  libvirtd = await PrivateLibvirtd.start();
});

afterEach(async () => {
  for (const hypervisor of open.splice(0)) {
    for (const { id } of await hypervisor.listGuests()) {
      await hypervisor.destroy(id);
      await hypervisor.undefine(id);
    }
    await hypervisor.close();
  }
});

afterAll(async () => libvirtd.stop());

async function make(): Promise<LibvirtHypervisor> {
  const hypervisor = await startLibvirtHypervisor({
    uri: libvirtd.uri,
    guestsDirectory: libvirtd.guestsDirectory,
    virtType: 'qemu',
    networkXml: false,
    log: silentLog,
    shutdownMs: 1_500,
  });
  open.push(hypervisor);
  return hypervisor;
}

async function prepare(guest: Guest): Promise<void> {
  const { folder, disk } = guestPaths(libvirtd.guestsDirectory, guest.id);
  mkdirSync(folder, { recursive: true });
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '16M']);
}

describeHypervisor('libvirt', { make, prepare, guest: { memoryMib: 128 }, timeoutMs: 60_000 });

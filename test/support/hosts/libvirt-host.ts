/**
 * This machine as a host of guests: a libvirtd of the test's own, hypervisors on it that are
 * cleaned up, and files for guests.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import type { LibvirtChild } from '#integrations/libvirt/connection/child-process.ts';
import type { LibvirtHypervisor } from '#integrations/libvirt/domains/hypervisor.ts';
import {
  startLibvirtHypervisor,
  type StartLibvirtOptions,
} from '#integrations/libvirt/domains/start-libvirt-hypervisor.ts';
import { expect } from 'vitest';
import { PrivateLibvirtd } from './private-libvirtd.ts';
import { silentLog } from '../silent-log.ts';
import { linuxIsUp, makeSmallLinux, type SmallLinux } from './small-linux.ts';

export class LibvirtHost {
  readonly libvirtd: PrivateLibvirtd;
  readonly #open: LibvirtHypervisor[] = [];
  #linux: SmallLinux | undefined;

  private constructor(libvirtd: PrivateLibvirtd) {
    this.libvirtd = libvirtd;
  }

  static async start(options?: { withKvm: boolean }): Promise<LibvirtHost> {
    return new LibvirtHost(await PrivateLibvirtd.start(options));
  }

  /** `child`: one that the test controls. */
  async hypervisor(
    options: Partial<StartLibvirtOptions> = {},
    child?: LibvirtChild,
  ): Promise<LibvirtHypervisor> {
    const hypervisor = await startLibvirtHypervisor({
      uri: this.libvirtd.uri,
      guestsDirectory: this.libvirtd.guestsDirectory,
      virtType: 'qemu',
      networkXml: false,
      log: silentLog,
      shutdownMs: 1_500,
      ...options,
      ...(child !== undefined && { child }),
    });
    this.#open.push(hypervisor);
    return hypervisor;
  }

  /** Its folder, an empty disk, and with a kernel the small Linux. */
  async prepare(guest: Guest): Promise<void> {
    const paths = guestPaths(this.libvirtd.guestsDirectory, guest.id);
    rmSync(paths.folder, { recursive: true, force: true });
    mkdirSync(paths.folder);
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', paths.disk, '16M']);
    if (guest.kernel === null) return;
    this.#linux ??= makeSmallLinux(this.libvirtd.folder);
    copyFileSync(this.#linux.kernel, paths.kernel);
    copyFileSync(this.#linux.ramdisk, paths.ramdisk);
  }

  /** A request for the small Linux. `more`: arguments of its kernel command line. */
  kernel(more = ''): NonNullable<Guest['kernel']> {
    const commandLine = `console=ttyS0 panic=-1 mitigations=off quiet ${more}`.trim();
    return { imageId: 'kernel', ramdiskImageId: 'ramdisk', commandLine };
  }

  console(guestId: string): string {
    const { consoleLog } = guestPaths(this.libvirtd.guestsDirectory, guestId);
    return existsSync(consoleLog) ? readFileSync(consoleLog, 'utf8') : '';
  }

  /** Waits until the small Linux reports that it is up. */
  async whenUp({ id }: Guest): Promise<void> {
    const slow = { timeout: 100_000, interval: 200 };
    await expect.poll(() => this.console(id), slow).toContain(linuxIsUp);
  }

  /** Between tests: no guest, no hypervisor. */
  async clear(): Promise<void> {
    for (const hypervisor of this.#open.splice(0)) {
      for (const { id } of await hypervisor.listGuests()) {
        await hypervisor.destroy(id);
        await hypervisor.undefine(id);
      }
      await hypervisor.close();
    }
  }

  async stop(): Promise<void> {
    await this.libvirtd.stop();
  }
}

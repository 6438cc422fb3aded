/**
 * The host's network interfaces in sysfs. Source: Linux
 * `Documentation/ABI/testing/sysfs-class-net`.
 */
import { join } from 'node:path';
import type { HostLinks } from '#contracts/host/host-links.ts';
import type { HostInterface } from '#core/guests/moves/link-problems.ts';
import { listFolder, readText } from './reading/sysfs-files.ts';

export class SysfsLinks implements HostLinks {
  readonly #folder: string;

  /** `root`: the folder of sysfs. Example: `/sys`. */
  constructor({ root }: { root: string }) {
    this.#folder = join(root, 'class/net');
  }

  async interfaceNamed(name: string): Promise<HostInterface | null> {
    const mtu = await this.#mtuOf(name);
    if (mtu === undefined) return null;
    const uplinks: HostInterface['uplinks'] = [];
    for (const port of (await listFolder(join(this.#folder, name, 'brif'))).sort()) {
      const has = await this.#mtuOf(port);
      if (has !== undefined && !(await this.#isTap(port))) uplinks.push({ name: port, mtu: has });
    }
    return { mtu, uplinks };
  }

  async #mtuOf(name: string): Promise<number | undefined> {
    // A name with a slash would be that of another file.
    if (!/^[^/]{1,15}$/.test(name) || name === '.' || name === '..') return undefined;
    const text = await readText(join(this.#folder, name, 'mtu'));
    return text === undefined ? undefined : Number(text);
  }

  async #isTap(name: string): Promise<boolean> {
    return (await readText(join(this.#folder, name, 'tun_flags'))) !== undefined;
  }
}

/**
 * The disks and the kernel of the emulated compute host, and on them the micro guest that its
 * servers run.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { cacheFolder, keyOf, madeOnce } from '#test/debian/cache.ts';
import { initialDisk } from './initial-disk.ts';
import { kernelRelease, uncompressedKernel } from './kernel.ts';
import { microGuest } from './micro-guest.ts';
import { mustRun } from '#test/debian/must-run.ts';
import { labTree } from './tree.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Files of the host, by path. */
export interface HostImage {
  /** The Debian tree, for its QEMU. */
  tree: string;
  /** Of the host and of the micro guest: an ELF file. Within the host it is /lab/vmlinux. */
  kernel: string;
  initialDisk: string;
  /** Debian. */
  systemDisk: string;
  /** First file system of the micro guest. Within the host it is /lab/micro-guest. */
  microGuest: string;
  /** What the host finds in /lab: its init, the command server and Node, the micro guest. */
  labDisk: string;
}

/**
 * The image, from the cache when nothing that goes into it has changed; else made in some seconds
 * (and the tree in a minute).
 */
export async function hostImage(): Promise<HostImage> {
  const tree = await labTree();
  const systemDisk = await madeOnce(
    join(cacheFolder('lab'), `system-${tree.key}.ext4`),
    (unfinished) => makeDisk(tree.path, unfinished, '4G'),
  );
  const key = keyOf(tree.key, process.version, ...sources());
  const path = await madeOnce(join(cacheFolder('lab'), `image-${key}`), (unfinished) =>
    makeImage(tree.path, unfinished),
  );
  return {
    tree: tree.path,
    kernel: join(path, 'content/vmlinux'),
    initialDisk: join(path, 'initial-disk'),
    microGuest: join(path, 'content/micro-guest'),
    systemDisk,
    labDisk: join(path, 'lab.ext4'),
  };
}

/** What runs in the host and the guest, and what packs it. */
function sources(): Buffer[] {
  const packers = ['image.ts', 'micro-guest.ts', 'initial-disk.ts', 'cpio.ts', 'kernel.ts'];
  return readdirSync(join(folder, 'guest'))
    .sort()
    .map((name) => join('guest', name))
    .concat(packers)
    .map((name) => readFileSync(join(folder, name)));
}

async function makeImage(tree: string, image: string): Promise<void> {
  const content = join(image, 'content');
  mkdirSync(content, { recursive: true });
  const compressed = readFileSync(join(tree, 'boot', `vmlinuz-${kernelRelease(tree)}`));
  writeFileSync(join(content, 'vmlinuz'), compressed);
  writeFileSync(join(content, 'vmlinux'), uncompressedKernel(compressed));
  writeFileSync(join(content, 'micro-guest'), await microGuest(tree));
  writeFileSync(join(content, 'init'), script('l1.sh'), { mode: 0o755 });
  const server = stripTypeScriptTypes(script('command-server.ts'));
  writeFileSync(join(content, 'command-server.mjs'), server);
  for (const name of ['qemu.conf', 'libvirtd.conf', 'modprobe.conf']) {
    writeFileSync(join(content, name), script(name));
  }
  cpSync(process.execPath, join(content, 'node'));
  await makeDisk(content, join(image, 'lab.ext4'), '512M');
  const init = script('l1-initrd.sh');
  // ext4 asks for its checksum by name, which no list of dependencies says.
  const modules = ['virtio_pci', 'virtio_blk', 'crc32c_generic', 'ext4'];
  const packed = await initialDisk({ tree, modules, init, more: [{ path: 'disk' }] });
  writeFileSync(join(image, 'initial-disk'), packed);
}

/** A file system with the content of a folder; its holes take no space. */
async function makeDisk(content: string, disk: string, size: string): Promise<void> {
  const options = ['-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0'];
  await mustRun('/usr/sbin/mke2fs', [...options, '-d', content, disk, size]);
}

function script(name: string): string {
  return readFileSync(join(folder, 'guest', name), 'utf8');
}

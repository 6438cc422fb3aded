/**
 * Parts of the tree's kernel: the image without its compression, and modules in the order they
 * load.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { mustRun } from '#test/debian/must-run.ts';

/**
 * The kernel release in a tree. Example: `6.12.107+deb13-amd64`. Throws when there is not exactly
 * one.
 */
export function kernelRelease(tree: string): string {
  const releases = readdirSync(join(tree, 'usr/lib/modules'));
  if (releases.length !== 1) throw new Error(`${tree} has kernels: ${releases.join(', ')}`);
  return releases[0]!;
}

/**
 * The ELF inside a bzImage: QEMU starts it by its PVH note, and nothing is unpacked under
 * emulation. Throws when its compression is not zstd. Source: kernel "The Linux/x86 Boot Protocol",
 * fields setup_sects, payload_offset, payload_length.
 */
export function uncompressedKernel(bzImage: Buffer): Buffer {
  const setupSectors = bzImage.readUInt8(0x1f1) || 4;
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248);
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c));
  if (payload.readUInt32LE(0) !== 0xfd2fb528) throw new Error('the kernel is not zstd-compressed');
  // The last four bytes are the length of the unpacked kernel.
  const kernel = zstdDecompressSync(payload.subarray(0, -4));
  if (kernel.length !== payload.readUInt32LE(payload.length - 4)) {
    throw new Error('the kernel does not have the length it says');
  }
  return kernel;
}

export interface KernelModule {
  /** Example: `igbvf.ko`. */
  fileName: string;
  content: Buffer;
}

/**
 * These modules and all they need, each after what it needs. Built-in ones are omitted; an unknown
 * name throws.
 */
export async function kernelModules(tree: string, names: string[]): Promise<KernelModule[]> {
  const folder = join(tree, 'usr/lib/modules', kernelRelease(tree));
  const needs = readDependencies(folder);
  const builtIn = readFileSync(join(folder, 'modules.builtin'), 'utf8').split('\n');
  const inOrder = new Set<string>();
  for (const name of names) {
    const path = [...needs.keys()].find((each) => moduleName(each) === name);
    if (path !== undefined) {
      for (const each of [path, ...(needs.get(path) ?? [])].toReversed()) inOrder.add(each);
    } else if (!builtIn.some((each) => moduleName(each) === name)) {
      throw new Error(`the kernel has no module ${name}`);
    }
  }
  return Promise.all(
    [...inOrder].map(async (path) => ({
      fileName: `${moduleName(path)}.ko`,
      content: await plainModule(join(folder, path)),
    })),
  );
}

/** depmod's list: what each module needs, nearest first, down to the last. */
function readDependencies(folder: string): Map<string, string[]> {
  const lines = readFileSync(join(folder, 'modules.dep'), 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [path = '', needed = ''] = line.split(':');
      return [path, needed.split(' ').filter((each) => each !== '')];
    }),
  );
}

function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');
}

async function plainModule(path: string): Promise<Buffer> {
  if (!path.endsWith('.xz')) return readFileSync(path);
  // A module is binary: it passes as base64 through the text output of a command.
  const text = await mustRun('sh', ['-c', 'xz -dc "$0" | base64 -w0', path]);
  return Buffer.from(text, 'base64');
}

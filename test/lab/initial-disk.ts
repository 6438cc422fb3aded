/**
 * A first root file system with busybox: what a kernel starts with, in the emulated host and in the
 * micro guest.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveEntry, packArchive } from './cpio.ts';
import { kernelModules } from './kernel.ts';
import { mustRun } from '#test/debian/must-run.ts';

export interface InitialDisk {
  tree: string;
  /** Loaded by the init, which reads their names from /modules/order. */
  modules: string[];
  /** The text of the init script. */
  init: string;
  /** Beside busybox, its links, and the modules. */
  more: ArchiveEntry[];
}

/** The archive, not compressed: a memory copy is quicker than an emulated unpacking. */
export async function initialDisk({ tree, modules, init, more }: InitialDisk): Promise<Buffer> {
  const busybox = join(tree, 'usr/bin/busybox');
  const applets = (await mustRun(busybox, ['--list'])).trim().split('\n');
  const loaded = await kernelModules(tree, modules);
  return packArchive([
    ...['bin', 'proc', 'sys', 'dev', 'run', 'modules', 'lab'].map((path) => ({ path })),
    { path: 'bin/busybox', content: readFileSync(busybox), isExecutable: true },
    ...applets
      .filter((name) => name !== 'busybox')
      .map((name) => ({ path: `bin/${name}`, linkTo: 'busybox' })),
    ...loaded.map(({ fileName, content }) => ({ path: `modules/${fileName}`, content })),
    { path: 'modules/order', content: loaded.map(({ fileName }) => `${fileName}\n`).join('') },
    { path: 'init', content: init, isExecutable: true },
    ...more,
  ]);
}

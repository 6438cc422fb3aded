/**
 * A file system of a few MiB, in a mount namespace of its own: it disappears with the process that
 * holds it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { skipTitle } from '../skip-title.ts';
import { temporaryDirectory } from './novella-process.ts';

export interface SmallDisk {
  /** As processes run by `within` see it. */
  path: string;
  /** The same folder for all other processes. */
  outside: string;
  /** The command that runs another where the disk is mounted. */
  within: string[];
  /** Fills it to the last block. */
  fill(): void;
  /** Removes what `fill` wrote. */
  empty(): void;
  remove(): Promise<void>;
}

const isRoot = process.getuid?.() === 0;
const userNamespace = isRoot ? [] : ['--user', '--map-root-user'];

/** May this process mount one? Containers may not. */
export const canHaveSmallDisk =
  spawnSync('unshare', [
    ...userNamespace,
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs -o size=1m none /mnt',
  ]).status === 0;

/** The title of a test that needs one. */
export function onSmallDisk(title: string): string {
  return skipTitle(title, canHaveSmallDisk, 'unshare cannot mount a file system here');
}

export async function smallDisk(mebibytes: number): Promise<SmallDisk> {
  const folder = temporaryDirectory();
  const { path } = folder;
  const mount = `mount -t tmpfs -o size=${mebibytes}m none "$0" && echo ready && exec cat`;
  const holder = spawn('unshare', [...userNamespace, '--mount', 'sh', '-c', mount, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const outside = `/proc/${holder.pid}/root${path}`;
  const entered = isRoot ? [] : ['--user', '--preserve-credentials'];
  const ballast = join(outside, 'ballast');
  return {
    path,
    outside,
    within: ['nsenter', '--target', String(holder.pid), ...entered, '--mount', '--wd=/', '--'],
    fill: () => fill(ballast),
    empty: () => rmSync(ballast),
    async remove() {
      const ended = once(holder, 'exit');
      holder.stdin.end();
      await ended;
      folder.remove();
    },
  };
}

function fill(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (const size of [1024 * 1024, 4096]) {
      const block = Buffer.alloc(size, 1);
      try {
        for (;;) writeSync(file, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

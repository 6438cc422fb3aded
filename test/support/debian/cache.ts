/**
 * Where test environments keep what is costly to make: Debian trees and their products, each named
 * by its inputs.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/**
 * The folder of one environment. Example: `cacheFolder('lab')` is `NOVELLA_LAB_CACHE` or
 * `~/.cache/novella/lab`. It may be deleted at any time the environment does not run.
 */
export function cacheFolder(name: string): string {
  const folder =
    process.env[`NOVELLA_${name.toUpperCase()}_CACHE`] ?? join(homedir(), '.cache/novella', name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A short name for these contents. Example: `keyOf('qemu', script)` → `9f86d081884c7d65`. */
export function keyOf(...parts: (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 16);
}

/**
 * The path, after `make` has made it if it did not exist. `make` gets another path to fill; only a
 * finished result takes the name, so that an interrupted or concurrent run never leaves half of it.
 */
export async function madeOnce(
  path: string,
  make: (unfinished: string) => Promise<void>,
): Promise<string> {
  if (existsSync(path)) return path;
  // Some tools choose the format by the file extension.
  const unfinished = path.replace(/[^/]+$/, `unfinished-${process.pid}-$&`);
  rmSync(unfinished, { recursive: true, force: true });
  try {
    await make(unfinished);
    if (!existsSync(path)) renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return path;
}

/** Files of sysfs. One that does not apply is absent or unreadable: both mean "no value". */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

export async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    return undefined;
  }
}

export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch {
    return new Uint8Array();
  }
}

/** The names in a folder; empty when it is missing. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return [];
  }
}

/** The name that a link points to. Example: `…/driver` → `igb`. */
export async function linkedName(path: string): Promise<string | null> {
  try {
    return basename(await readlink(path));
  } catch {
    return null;
  }
}

/**
 * Whether the interface with these flags is up. Unreadable flags count as up. Source: Linux
 * `IFF_UP`.
 */
export function isUp(flags: string | undefined): boolean {
  return flags === undefined || (Number(flags) & 1) === 1;
}
